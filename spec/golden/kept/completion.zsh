#compdef dwsync

_dwsync() {
  local context state state_descr line
  typeset -A opt_args

  local -a options=(
    {-h,--help}"[Show this help message and exit]"
  )
  _arguments -s -S \
    $options \
    ": :_dwsync_cmds" \
    "*:: :->args" \
    && return 0

  case $words[1] in
    records)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
        "--exclude[Not these\: names, ids or patterns, separated by commas]: :{compadd -- \$(dwsync completion clusters 2>/dev/null)}"
        "--all-clusters[Of every cluster of the project, or of the configuration file's all_clusters]"
        "--input[Records in a file, or - for stdin\: NDJSON or JSON]: :_files"
        "--page-size[Records a request (default 1000)]: :_files"
        "--limit[Only the newest so many of a cluster]: :_files"
        "--paging[How offset counts (default auto)]: :(auto page row)"
        "--offset[Only that page, as the service counts]: :_files"
        "--status[Only these\: FINISHED, FAILED, RUNNING]: :(FINISHED FAILED RUNNING)"
        "--since[Started at or after\: 90m, 7d, yesterday, a local date or time]: :_files"
        "--until[Started before]: :_files"
        "--source[Only these sources\: ids or types]: :_files"
        "--config[Configuration file [DWSYNC_CONFIG\]]: :_files"
        "--profile[Profile of that file [DWSYNC_PROFILE\]]: :_files"
        "--region[Region, for example cn-north-4 [DWSYNC_REGION\]]: :(ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1)"
        "--endpoint[DWS endpoint instead of the region's]: :_files"
        "--iam-endpoint[IAM endpoint instead of the region's]: :_files"
        "--project-id[Project; looked up at IAM when not given]: :_files"
        "--proxy[Proxy URL, or none; default\: the environment's]: :_files"
        "--ca-file[PEM file of the CA to trust [DWSYNC_CA_FILE\]]: :_files"
        "--timeout[Seconds for the whole answer (default 60)]: :_files"
        "--retries[How often to try again (default 3)]: :_files"
        "--debug[Show each request on stderr]"
        {-o,--output}"[Format\: table, csv, tsv, json, ndjson, markdown, html (default\: table)]: :(table csv tsv json ndjson markdown html)"
        "--time[How times are written\: iso (UTC), local, ms (default\: iso)]: :(iso ms local)"
        "--columns[Columns, separated by commas]: :(id identity_source_id identity_source_type start_time end_time add_count update_count delete_count failed_count status fail_reason)"
        "--color[When to use colour]: :(auto always never)"
      )
      _arguments -s -S \
        $options \
        "*: :{compadd -- \$(dwsync completion clusters 2>/dev/null)}" \
        && return 0
      ;;

    health)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
        "--exclude[Not these\: names, ids or patterns, separated by commas]: :{compadd -- \$(dwsync completion clusters 2>/dev/null)}"
        "--all-clusters[Of every cluster of the project, or of the configuration file's all_clusters]"
        "--input[Records in a file, or - for stdin\: NDJSON or JSON]: :_files"
        "--page-size[Records a request (default 1000)]: :_files"
        "--limit: :_files"
        "--paging[How offset counts (default auto)]: :(auto page row)"
        "--source[Only these sources\: ids or types]: :_files"
        "*--set[Threshold\: stale.warning=6h, churn=off, disabled=warning; repeatable]: :(churn=off data=off failing=off mass_delete=off never=off overlap=off partial=off slow=off stale=off stuck=off volume=off disabled=off disabled=ok disabled=unknown disabled=warning disabled=critical)"
        "--history[File, or postgres\:// URL [DWSYNC_HISTORY\]]: :_files"
        "--config[Configuration file [DWSYNC_CONFIG\]]: :_files"
        "--profile[Profile of that file [DWSYNC_PROFILE\]]: :_files"
        "--region[Region, for example cn-north-4 [DWSYNC_REGION\]]: :(ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1)"
        "--endpoint[DWS endpoint instead of the region's]: :_files"
        "--iam-endpoint[IAM endpoint instead of the region's]: :_files"
        "--project-id[Project; looked up at IAM when not given]: :_files"
        "--proxy[Proxy URL, or none; default\: the environment's]: :_files"
        "--ca-file[PEM file of the CA to trust [DWSYNC_CA_FILE\]]: :_files"
        "--timeout[Seconds for the whole answer (default 60)]: :_files"
        "--retries[How often to try again (default 3)]: :_files"
        "--debug[Show each request on stderr]"
        "*--explain[Show the model behind these rules' verdicts; repeatable]: :_files"
        {-o,--output}"[Format\: table, csv, tsv, json, ndjson, markdown, html, status, prometheus, nagios (default\: table)]: :(table csv tsv json ndjson markdown html status prometheus nagios)"
        "--color[When to use colour]: :(auto always never)"
      )
      _arguments -s -S \
        $options \
        "*: :{compadd -- \$(dwsync completion clusters 2>/dev/null)}" \
        && return 0
      ;;

    check)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
        "--exclude[Not these\: names, ids or patterns, separated by commas]: :{compadd -- \$(dwsync completion clusters 2>/dev/null)}"
        "--all-clusters[Of every cluster of the project, or of the configuration file's all_clusters]"
        "--input[Records in a file, or - for stdin\: NDJSON or JSON]: :_files"
        "--page-size[Records a request (default 1000)]: :_files"
        "--limit: :_files"
        "--paging[How offset counts (default auto)]: :(auto page row)"
        "--source[Only these sources\: ids or types]: :_files"
        "*--set[Threshold\: stale.warning=6h, churn=off, disabled=warning; repeatable]: :(churn=off data=off failing=off mass_delete=off never=off overlap=off partial=off slow=off stale=off stuck=off volume=off disabled=off disabled=ok disabled=unknown disabled=warning disabled=critical)"
        "--history[File, or postgres\:// URL [DWSYNC_HISTORY\]]: :_files"
        "--config[Configuration file [DWSYNC_CONFIG\]]: :_files"
        "--profile[Profile of that file [DWSYNC_PROFILE\]]: :_files"
        "--region[Region, for example cn-north-4 [DWSYNC_REGION\]]: :(ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1)"
        "--endpoint[DWS endpoint instead of the region's]: :_files"
        "--iam-endpoint[IAM endpoint instead of the region's]: :_files"
        "--project-id[Project; looked up at IAM when not given]: :_files"
        "--proxy[Proxy URL, or none; default\: the environment's]: :_files"
        "--ca-file[PEM file of the CA to trust [DWSYNC_CA_FILE\]]: :_files"
        "--timeout[Seconds for the whole answer (default 60)]: :_files"
        "--retries[How often to try again (default 3)]: :_files"
        "--debug[Show each request on stderr]"
        "--long[Add a line about each finding]"
      )
      _arguments -s -S \
        $options \
        "*: :{compadd -- \$(dwsync completion clusters 2>/dev/null)}" \
        && return 0
      ;;

    report)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
        "--exclude[Not these\: names, ids or patterns, separated by commas]: :{compadd -- \$(dwsync completion clusters 2>/dev/null)}"
        "--all-clusters[Of every cluster of the project, or of the configuration file's all_clusters]"
        "--input[Records in a file, or - for stdin\: NDJSON or JSON]: :_files"
        "--page-size[Records a request (default 1000)]: :_files"
        "--limit: :_files"
        "--paging[How offset counts (default auto)]: :(auto page row)"
        "--source[Only these sources\: ids or types]: :_files"
        "*--set[Threshold\: stale.warning=6h, churn=off, disabled=warning; repeatable]: :(churn=off data=off failing=off mass_delete=off never=off overlap=off partial=off slow=off stale=off stuck=off volume=off disabled=off disabled=ok disabled=unknown disabled=warning disabled=critical)"
        "--history[File, or postgres\:// URL [DWSYNC_HISTORY\]]: :_files"
        "--config[Configuration file [DWSYNC_CONFIG\]]: :_files"
        "--profile[Profile of that file [DWSYNC_PROFILE\]]: :_files"
        "--region[Region, for example cn-north-4 [DWSYNC_REGION\]]: :(ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1)"
        "--endpoint[DWS endpoint instead of the region's]: :_files"
        "--iam-endpoint[IAM endpoint instead of the region's]: :_files"
        "--project-id[Project; looked up at IAM when not given]: :_files"
        "--proxy[Proxy URL, or none; default\: the environment's]: :_files"
        "--ca-file[PEM file of the CA to trust [DWSYNC_CA_FILE\]]: :_files"
        "--timeout[Seconds for the whole answer (default 60)]: :_files"
        "--retries[How often to try again (default 3)]: :_files"
        "--debug[Show each request on stderr]"
        {-o,--output}"[Format\: table, csv, tsv, json, ndjson, markdown, html, status, prometheus, nagios (default\: the file's, else html)]: :(table csv tsv json ndjson markdown html status prometheus nagios)"
        "--file[File to write, whole or not at all]: :_files"
      )
      _arguments -s -S \
        $options \
        "*: :{compadd -- \$(dwsync completion clusters 2>/dev/null)}" \
        && return 0
      ;;

    watch)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
        "--exclude[Not these\: names, ids or patterns, separated by commas]: :{compadd -- \$(dwsync completion clusters 2>/dev/null)}"
        "--all-clusters[Of every cluster of the project, or of the configuration file's all_clusters]"
        "--page-size[Records a request (default 1000)]: :_files"
        "--limit: :_files"
        "--paging[How offset counts (default auto)]: :(auto page row)"
        "--source[Only these sources\: ids or types]: :_files"
        "*--set[Threshold\: stale.warning=6h, churn=off, disabled=warning; repeatable]: :(churn=off data=off failing=off mass_delete=off never=off overlap=off partial=off slow=off stale=off stuck=off volume=off disabled=off disabled=ok disabled=unknown disabled=warning disabled=critical)"
        "--history[File, or postgres\:// URL [DWSYNC_HISTORY\]]: :_files"
        "--config[Configuration file [DWSYNC_CONFIG\]]: :_files"
        "--profile[Profile of that file [DWSYNC_PROFILE\]]: :_files"
        "--region[Region, for example cn-north-4 [DWSYNC_REGION\]]: :(ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1)"
        "--endpoint[DWS endpoint instead of the region's]: :_files"
        "--iam-endpoint[IAM endpoint instead of the region's]: :_files"
        "--project-id[Project; looked up at IAM when not given]: :_files"
        "--proxy[Proxy URL, or none; default\: the environment's]: :_files"
        "--ca-file[PEM file of the CA to trust [DWSYNC_CA_FILE\]]: :_files"
        "--timeout[Seconds for the whole answer (default 60)]: :_files"
        "--retries[How often to try again (default 3)]: :_files"
        "--debug[Show each request on stderr]"
        "--interval[Time between looks (default 60s)]: :_files"
        "--on-change[Program to run for each event, which it gets as JSON on stdin]: :_files"
        "*--pass-environment[Variable that this program gets besides PATH, HOME, LANG and the like; repeatable]: :_files"
        "--color[When to use colour]: :(auto always never)"
      )
      _arguments -s -S \
        $options \
        "*: :{compadd -- \$(dwsync completion clusters 2>/dev/null)}" \
        && return 0
      ;;

    notify)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
        "--exclude[Not these\: names, ids or patterns, separated by commas]: :{compadd -- \$(dwsync completion clusters 2>/dev/null)}"
        "--all-clusters[Of every cluster of the project, or of the configuration file's all_clusters]"
        "--page-size[Records a request (default 1000)]: :_files"
        "--limit: :_files"
        "--paging[How offset counts (default auto)]: :(auto page row)"
        "--source[Only these sources\: ids or types]: :_files"
        "*--set[Threshold\: stale.warning=6h, churn=off, disabled=warning; repeatable]: :(churn=off data=off failing=off mass_delete=off never=off overlap=off partial=off slow=off stale=off stuck=off volume=off disabled=off disabled=ok disabled=unknown disabled=warning disabled=critical)"
        "--history[File, or postgres\:// URL [DWSYNC_HISTORY\]]: :_files"
        "--config[Configuration file [DWSYNC_CONFIG\]]: :_files"
        "--profile[Profile of that file [DWSYNC_PROFILE\]]: :_files"
        "--region[Region, for example cn-north-4 [DWSYNC_REGION\]]: :(ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1)"
        "--endpoint[DWS endpoint instead of the region's]: :_files"
        "--iam-endpoint[IAM endpoint instead of the region's]: :_files"
        "--project-id[Project; looked up at IAM when not given]: :_files"
        "--proxy[Proxy URL, or none; default\: the environment's]: :_files"
        "--ca-file[PEM file of the CA to trust [DWSYNC_CA_FILE\]]: :_files"
        "--timeout[Seconds for the whole answer (default 60)]: :_files"
        "--retries[How often to try again (default 3)]: :_files"
        "--debug[Show each request on stderr]"
        "--slack-url-file[File with the address of Slack [DWSYNC_SLACK_URL\]]: :_files"
        "--teams-url-file[File with the address of Teams [DWSYNC_TEAMS_URL\]]: :_files"
        "--webhook-url-file[File with the address of a webhook [DWSYNC_WEBHOOK_URL\]]: :_files"
        "--min-severity[Problems from this severity on (default warning)]: :(unknown warning critical)"
        "--dry-run[Print what would be sent; send and keep nothing]"
      )
      _arguments -s -S \
        $options \
        "*: :{compadd -- \$(dwsync completion clusters 2>/dev/null)}" \
        && return 0
      ;;

    alerts)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
      )
      _arguments -s -S \
        $options \
        ": :_dwsync_alerts_cmds" \
        "*:: :->args" \
        && return 0

      case $words[1] in
        list)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--all[Those that ended, too]"
            "--fleet[File with the inventory [DWSYNC_FLEET\]]: :_files"
            "--history[File, or postgres\:// URL [DWSYNC_HISTORY\]]: :_files"
            "--config[Configuration file [DWSYNC_CONFIG\]]: :_files"
            "--profile[Profile of that file [DWSYNC_PROFILE\]]: :_files"
            {-o,--output}"[Format\: table, json (default\: table)]: :(table json)"
          )
          _arguments -s -S \
            $options \
            && return 0
          ;;

        ack)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--rule[Only of this rule]: :_files"
            "--source[Only of this identity source]: :_files"
            "--all[All that are meant, where several are]"
            "--by[Who does this [USER\]]: :_files"
            "--note[A word for the others]: :_files"
            "--fleet[File with the inventory [DWSYNC_FLEET\]]: :_files"
            "--history[File, or postgres\:// URL [DWSYNC_HISTORY\]]: :_files"
            "--config[Configuration file [DWSYNC_CONFIG\]]: :_files"
            "--profile[Profile of that file [DWSYNC_PROFILE\]]: :_files"
          )
          _arguments -s -S \
            $options \
            ": :_files" \
            && return 0
          ;;

        silence)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--rule[Only of this rule]: :_files"
            "--source[Only of this identity source]: :_files"
            "--all[All that are meant, where several are]"
            "--for[So long]: :_files"
            "--until[Until then\: 18\:30, or a date and time]: :_files"
            "--by[Who does this [USER\]]: :_files"
            "--fleet[File with the inventory [DWSYNC_FLEET\]]: :_files"
            "--history[File, or postgres\:// URL [DWSYNC_HISTORY\]]: :_files"
            "--config[Configuration file [DWSYNC_CONFIG\]]: :_files"
            "--profile[Profile of that file [DWSYNC_PROFILE\]]: :_files"
          )
          _arguments -s -S \
            $options \
            ": :_files" \
            && return 0
          ;;

        unsilence)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--rule[Only of this rule]: :_files"
            "--source[Only of this identity source]: :_files"
            "--all[All that are meant, where several are]"
            "--fleet[File with the inventory [DWSYNC_FLEET\]]: :_files"
            "--history[File, or postgres\:// URL [DWSYNC_HISTORY\]]: :_files"
            "--config[Configuration file [DWSYNC_CONFIG\]]: :_files"
            "--profile[Profile of that file [DWSYNC_PROFILE\]]: :_files"
          )
          _arguments -s -S \
            $options \
            ": :_files" \
            && return 0
          ;;

        test)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--slack-url-file[File with the address of Slack [DWSYNC_SLACK_URL\]]: :_files"
            "--teams-url-file[File with the address of Teams [DWSYNC_TEAMS_URL\]]: :_files"
            "--webhook-url-file[File with the address of a webhook [DWSYNC_WEBHOOK_URL\]]: :_files"
            "--fleet[File with the inventory [DWSYNC_FLEET\]]: :_files"
            "--history[File, or postgres\:// URL [DWSYNC_HISTORY\]]: :_files"
            "--config[Configuration file [DWSYNC_CONFIG\]]: :_files"
            "--profile[Profile of that file [DWSYNC_PROFILE\]]: :_files"
          )
          _arguments -s -S \
            $options \
            ": :_files" \
            && return 0
          ;;

      esac
      ;;

    wait)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
        "--timeout[How long to wait; 0 looks once (default 10m)]: :_files"
        "--exclude[Not these\: names, ids or patterns, separated by commas]: :{compadd -- \$(dwsync completion clusters 2>/dev/null)}"
        "--all-clusters[Of every cluster of the project, or of the configuration file's all_clusters]"
        "--input[Records in a file, or - for stdin\: NDJSON or JSON]: :_files"
        "--page-size[Records a request (default 1000)]: :_files"
        "--limit: :_files"
        "--paging[How offset counts (default auto)]: :(auto page row)"
        "--source[Only these sources\: ids or types]: :_files"
        "*--set[Threshold\: stale.warning=6h, churn=off, disabled=warning; repeatable]: :(churn=off data=off failing=off mass_delete=off never=off overlap=off partial=off slow=off stale=off stuck=off volume=off disabled=off disabled=ok disabled=unknown disabled=warning disabled=critical)"
        "--history[File, or postgres\:// URL [DWSYNC_HISTORY\]]: :_files"
        "--config[Configuration file [DWSYNC_CONFIG\]]: :_files"
        "--profile[Profile of that file [DWSYNC_PROFILE\]]: :_files"
        "--region[Region, for example cn-north-4 [DWSYNC_REGION\]]: :(ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1)"
        "--endpoint[DWS endpoint instead of the region's]: :_files"
        "--iam-endpoint[IAM endpoint instead of the region's]: :_files"
        "--project-id[Project; looked up at IAM when not given]: :_files"
        "--proxy[Proxy URL, or none; default\: the environment's]: :_files"
        "--ca-file[PEM file of the CA to trust [DWSYNC_CA_FILE\]]: :_files"
        "--retries[How often to try again (default 3)]: :_files"
        "--debug[Show each request on stderr]"
        "--fresh[Greatest age of the last run (default 6h)]: :_files"
        "--accept[Worst verdict that is good enough (default ok)]: :(ok unknown warning)"
        "--interval[Time between looks (default 30s)]: :_files"
      )
      _arguments -s -S \
        $options \
        "*: :{compadd -- \$(dwsync completion clusters 2>/dev/null)}" \
        && return 0
      ;;

    history)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
      )
      _arguments -s -S \
        $options \
        ": :_dwsync_history_cmds" \
        "*:: :->args" \
        && return 0

      case $words[1] in
        pull)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--exclude[Not these\: names, ids or patterns, separated by commas]: :{compadd -- \$(dwsync completion clusters 2>/dev/null)}"
            "--all-clusters[Of every cluster of the project, or of the configuration file's all_clusters]"
            "--input[Records in a file, or - for stdin\: NDJSON or JSON]: :_files"
            "--page-size[Records a request (default 1000)]: :_files"
            "--limit: :_files"
            "--paging[How offset counts (default auto)]: :(auto page row)"
            "--source[Only these sources\: ids or types]: :_files"
            "--accounts[Look at the accounts of the database, too, and keep who came and who went]"
            "--accept-short[With --accounts\: those missing from a list that may go on went]"
            "--config[Configuration file [DWSYNC_CONFIG\]]: :_files"
            "--profile[Profile of that file [DWSYNC_PROFILE\]]: :_files"
            "--region[Region, for example cn-north-4 [DWSYNC_REGION\]]: :(ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1)"
            "--endpoint[DWS endpoint instead of the region's]: :_files"
            "--iam-endpoint[IAM endpoint instead of the region's]: :_files"
            "--project-id[Project; looked up at IAM when not given]: :_files"
            "--proxy[Proxy URL, or none; default\: the environment's]: :_files"
            "--ca-file[PEM file of the CA to trust [DWSYNC_CA_FILE\]]: :_files"
            "--timeout[Seconds for the whole answer (default 60)]: :_files"
            "--retries[How often to try again (default 3)]: :_files"
            "--debug[Show each request on stderr]"
            "--history[File, or postgres\:// URL [DWSYNC_HISTORY\]]: :_files"
            {-o,--output}"[Format\: table, csv, tsv, json, ndjson, markdown, html (default\: table)]: :(table csv tsv json ndjson markdown html)"
            "--time[How times are written\: iso (UTC), local, ms (default\: iso)]: :(iso ms local)"
            "--columns[Columns, separated by commas]: :(id identity_source_id identity_source_type start_time end_time add_count update_count delete_count failed_count status fail_reason)"
            "--color[When to use colour]: :(auto always never)"
          )
          _arguments -s -S \
            $options \
            "*: :{compadd -- \$(dwsync completion clusters 2>/dev/null)}" \
            && return 0
          ;;

        list)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--exclude[Not these\: names, ids or patterns, separated by commas]: :{compadd -- \$(dwsync completion clusters 2>/dev/null)}"
            "--all-clusters[Of every cluster, or of the configuration file's all_clusters]"
            "--limit[Only the newest so many of a cluster]: :_files"
            "--status[Only these\: FINISHED, FAILED, RUNNING]: :(FINISHED FAILED RUNNING)"
            "--since[Started at or after\: 90m, 7d, yesterday, a local date or time]: :_files"
            "--until[Started before]: :_files"
            "--source[Only these sources\: ids or types]: :_files"
            "--config[Configuration file [DWSYNC_CONFIG\]]: :_files"
            "--profile[Profile of that file [DWSYNC_PROFILE\]]: :_files"
            "--history[File, or postgres\:// URL [DWSYNC_HISTORY\]]: :_files"
            {-o,--output}"[Format\: table, csv, tsv, json, ndjson, markdown, html (default\: table)]: :(table csv tsv json ndjson markdown html)"
            "--time[How times are written\: iso (UTC), local, ms (default\: iso)]: :(iso ms local)"
            "--columns[Columns, separated by commas]: :(id identity_source_id identity_source_type start_time end_time add_count update_count delete_count failed_count status fail_reason)"
            "--color[When to use colour]: :(auto always never)"
          )
          _arguments -s -S \
            $options \
            "*: :{compadd -- \$(dwsync completion clusters 2>/dev/null)}" \
            && return 0
          ;;

        stats)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--config[Configuration file [DWSYNC_CONFIG\]]: :_files"
            "--profile[Profile of that file [DWSYNC_PROFILE\]]: :_files"
            "--history[File, or postgres\:// URL [DWSYNC_HISTORY\]]: :_files"
            {-o,--output}"[Format\: table, csv, tsv, json, ndjson, markdown, html (default\: table)]: :(table csv tsv json ndjson markdown html)"
            "--time[How times are written\: iso (UTC), local, ms (default\: iso)]: :(iso ms local)"
            "--columns[Columns, separated by commas]: :(id identity_source_id identity_source_type start_time end_time add_count update_count delete_count failed_count status fail_reason)"
            "--color[When to use colour]: :(auto always never)"
          )
          _arguments -s -S \
            $options \
            && return 0
          ;;

        migrate)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--dry-run[Only say which steps there are]"
            "--config[Configuration file [DWSYNC_CONFIG\]]: :_files"
            "--profile[Profile of that file [DWSYNC_PROFILE\]]: :_files"
            "--history[File, or postgres\:// URL [DWSYNC_HISTORY\]]: :_files"
          )
          _arguments -s -S \
            $options \
            && return 0
          ;;

        prune)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--older-than[How long ago they began, at least 126d]: :_files"
            "--accounts[Instead of records\: accounts that went]"
            "--dry-run[Only say how many there are]"
            "--config[Configuration file [DWSYNC_CONFIG\]]: :_files"
            "--profile[Profile of that file [DWSYNC_PROFILE\]]: :_files"
            "--history[File, or postgres\:// URL [DWSYNC_HISTORY\]]: :_files"
          )
          _arguments -s -S \
            $options \
            && return 0
          ;;

      esac
      ;;

    accounts)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
        "--exclude[Not these\: names, ids or patterns, separated by commas]: :{compadd -- \$(dwsync completion clusters 2>/dev/null)}"
        "--gone[Those who went]"
        "--new[Those who came since the first look]"
        "--at[Those who were there\: a local date or time, 7d]: :_files"
        "--run[Who came and went with this run]: :_files"
        "--since[With --gone, --new\: missed or first seen at or after]: :_files"
        "--until[With --gone, --new\: before]: :_files"
        "--config[Configuration file [DWSYNC_CONFIG\]]: :_files"
        "--profile[Profile of that file [DWSYNC_PROFILE\]]: :_files"
        "--history[File, or postgres\:// URL [DWSYNC_HISTORY\]]: :_files"
        {-o,--output}"[Format\: table, csv, tsv, json, ndjson, markdown, html (default\: table)]: :(table csv tsv json ndjson markdown html)"
        "--time[How times are written\: iso (UTC), local, ms (default\: iso)]: :(iso ms local)"
        "--columns[Columns, separated by commas]: :(id identity_source_id identity_source_type start_time end_time add_count update_count delete_count failed_count status fail_reason)"
        "--color[When to use colour]: :(auto always never)"
      )
      _arguments -s -S \
        $options \
        "*: :{compadd -- \$(dwsync completion clusters 2>/dev/null)}" \
        && return 0
      ;;

    collect)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
        "--fleet[File with the inventory [DWSYNC_FLEET\]]: :_files"
        "--history[File, or postgres\:// URL [DWSYNC_HISTORY\]]: :_files"
        "--config[Configuration file [DWSYNC_CONFIG\]]: :_files"
        "--profile[Profile of that file [DWSYNC_PROFILE\]]: :_files"
        "--name[Name of this collector, of its own (default\: host and process)]: :_files"
        "--concurrency[Clusters that are asked at once (default 32)]: :_files"
        "--for[End after so long]: :_files"
        "--metrics[Port of 127.0.0.1, or a loopback address with one, for Prometheus]: :_files"
        "--metrics-file[File to write them to, for node_exporter]: :_files"
      )
      _arguments -s -S \
        $options \
        && return 0
      ;;

    fleet)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
      )
      _arguments -s -S \
        $options \
        ": :_dwsync_fleet_cmds" \
        "*:: :->args" \
        && return 0

      case $words[1] in
        status)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--fleet[File with the inventory [DWSYNC_FLEET\]]: :_files"
            "--history[File, or postgres\:// URL [DWSYNC_HISTORY\]]: :_files"
            "--config[Configuration file [DWSYNC_CONFIG\]]: :_files"
            "--profile[Profile of that file [DWSYNC_PROFILE\]]: :_files"
            {-o,--output}"[Format\: table, json (default\: table)]: :(table json)"
          )
          _arguments -s -S \
            $options \
            && return 0
          ;;

        explain)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--fleet[File with the inventory [DWSYNC_FLEET\]]: :_files"
            "--history[File, or postgres\:// URL [DWSYNC_HISTORY\]]: :_files"
            "--config[Configuration file [DWSYNC_CONFIG\]]: :_files"
            "--profile[Profile of that file [DWSYNC_PROFILE\]]: :_files"
          )
          _arguments -s -S \
            $options \
            ": :{compadd -- \$(dwsync completion clusters 2>/dev/null)}" \
            && return 0
          ;;

        drain)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--undo[Take it back]"
            "--fleet[File with the inventory [DWSYNC_FLEET\]]: :_files"
            "--history[File, or postgres\:// URL [DWSYNC_HISTORY\]]: :_files"
            "--config[Configuration file [DWSYNC_CONFIG\]]: :_files"
            "--profile[Profile of that file [DWSYNC_PROFILE\]]: :_files"
          )
          _arguments -s -S \
            $options \
            ": :_files" \
            && return 0
          ;;

      esac
      ;;

    replay)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
        "--exclude[Not these\: names, ids or patterns, separated by commas]: :{compadd -- \$(dwsync completion clusters 2>/dev/null)}"
        "--all-clusters[Of every cluster of the project, or of the configuration file's all_clusters]"
        "--input[Records in a file, or - for stdin\: NDJSON or JSON]: :_files"
        "--page-size[Records a request (default 1000)]: :_files"
        "--limit: :_files"
        "--paging[How offset counts (default auto)]: :(auto page row)"
        "--source[Only these sources\: ids or types]: :_files"
        "*--set[Threshold\: stale.warning=6h, churn=off, disabled=warning; repeatable]: :(churn=off data=off failing=off mass_delete=off never=off overlap=off partial=off slow=off stale=off stuck=off volume=off disabled=off disabled=ok disabled=unknown disabled=warning disabled=critical)"
        "--history[File, or postgres\:// URL [DWSYNC_HISTORY\]]: :_files"
        "--config[Configuration file [DWSYNC_CONFIG\]]: :_files"
        "--profile[Profile of that file [DWSYNC_PROFILE\]]: :_files"
        "--region[Region, for example cn-north-4 [DWSYNC_REGION\]]: :(ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1)"
        "--endpoint[DWS endpoint instead of the region's]: :_files"
        "--iam-endpoint[IAM endpoint instead of the region's]: :_files"
        "--project-id[Project; looked up at IAM when not given]: :_files"
        "--proxy[Proxy URL, or none; default\: the environment's]: :_files"
        "--ca-file[PEM file of the CA to trust [DWSYNC_CA_FILE\]]: :_files"
        "--timeout[Seconds for the whole answer (default 60)]: :_files"
        "--retries[How often to try again (default 3)]: :_files"
        "--debug[Show each request on stderr]"
        "--from-history[Use the records saved by dwsync history pull]"
        "--since[Leave out alerts that ended before\: 24h, 7d, ISO 8601]: :_files"
        {-o,--output}"[Format\: table, csv, tsv, json, ndjson, markdown, html (default\: table)]: :(table csv tsv json ndjson markdown html)"
        "--time[How times are written\: iso (UTC), local, ms (default\: iso)]: :(iso ms local)"
        "--columns[Columns, separated by commas]: :(id identity_source_id identity_source_type start_time end_time add_count update_count delete_count failed_count status fail_reason)"
        "--color[When to use colour]: :(auto always never)"
      )
      _arguments -s -S \
        $options \
        "*: :{compadd -- \$(dwsync completion clusters 2>/dev/null)}" \
        && return 0
      ;;

    run)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
        "--dry-run[Ask the script, by dry_run, to change nothing]"
        "--history[File, or postgres\:// URL [DWSYNC_HISTORY\]]: :_files"
        "--config[Configuration file [DWSYNC_CONFIG\]]: :_files"
        "--profile[Profile of that file [DWSYNC_PROFILE\]]: :_files"
        "--region[Region, for example cn-north-4 [DWSYNC_REGION\]]: :(ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1)"
        "--endpoint[DWS endpoint instead of the region's]: :_files"
        "--iam-endpoint[IAM endpoint instead of the region's]: :_files"
        "--project-id[Project; looked up at IAM when not given]: :_files"
        "--proxy[Proxy URL, or none; default\: the environment's]: :_files"
        "--ca-file[PEM file of the CA to trust [DWSYNC_CA_FILE\]]: :_files"
        "--timeout[Seconds for the whole answer (default 60)]: :_files"
        "--retries[How often to try again (default 3)]: :_files"
        "--debug[Show each request on stderr]"
      )
      _arguments -s -S \
        $options \
        ": :_files" \
        "*: :_files" \
        && return 0
      ;;

    clusters)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
        "--enterprise-project-id[Only this enterprise project, or all_granted_eps]: :_files"
        "--config[Configuration file [DWSYNC_CONFIG\]]: :_files"
        "--profile[Profile of that file [DWSYNC_PROFILE\]]: :_files"
        "--region[Region, for example cn-north-4 [DWSYNC_REGION\]]: :(ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1)"
        "--endpoint[DWS endpoint instead of the region's]: :_files"
        "--iam-endpoint[IAM endpoint instead of the region's]: :_files"
        "--project-id[Project; looked up at IAM when not given]: :_files"
        "--proxy[Proxy URL, or none; default\: the environment's]: :_files"
        "--ca-file[PEM file of the CA to trust [DWSYNC_CA_FILE\]]: :_files"
        "--timeout[Seconds for the whole answer (default 60)]: :_files"
        "--retries[How often to try again (default 3)]: :_files"
        "--debug[Show each request on stderr]"
        {-o,--output}"[Format\: table, csv, tsv, json, ndjson, markdown, html (default\: table)]: :(table csv tsv json ndjson markdown html)"
        "--time[How times are written\: iso (UTC), local, ms (default\: iso)]: :(iso ms local)"
        "--columns[Columns, separated by commas]: :(id identity_source_id identity_source_type start_time end_time add_count update_count delete_count failed_count status fail_reason)"
        "--color[When to use colour]: :(auto always never)"
      )
      _arguments -s -S \
        $options \
        && return 0
      ;;

    doctor)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
        "--exclude[Not these\: names, ids or patterns, separated by commas]: :{compadd -- \$(dwsync completion clusters 2>/dev/null)}"
        "--all-clusters[Ask about every cluster, or those of the configuration file's all_clusters]"
        "--config[Configuration file [DWSYNC_CONFIG\]]: :_files"
        "--profile[Profile of that file [DWSYNC_PROFILE\]]: :_files"
        "--region[Region, for example cn-north-4 [DWSYNC_REGION\]]: :(ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1)"
        "--endpoint[DWS endpoint instead of the region's]: :_files"
        "--iam-endpoint[IAM endpoint instead of the region's]: :_files"
        "--project-id[Project; looked up at IAM when not given]: :_files"
        "--proxy[Proxy URL, or none; default\: the environment's]: :_files"
        "--ca-file[PEM file of the CA to trust [DWSYNC_CA_FILE\]]: :_files"
        "--timeout[Seconds for the whole answer (default 60)]: :_files"
        "--retries[How often to try again (default 3)]: :_files"
        "--debug[Show each request on stderr]"
        "--fleet[File with the inventory [DWSYNC_FLEET\]]: :_files"
        {-o,--output}"[Format\: table, json (default\: table)]: :(table json)"
        "--color[When to use colour]: :(auto always never)"
      )
      _arguments -s -S \
        $options \
        "*: :{compadd -- \$(dwsync completion clusters 2>/dev/null)}" \
        && return 0
      ;;

    emulator)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
        "--port[Port of the service (TLS); 0 takes a free one]: :_files"
        "--http-port[Port of the metadata service and pod identity; 0 takes a free one]: :_files"
        "--seed[Seed of the data set; the same seed gives the same data]: :_files"
        "--records[Records of the large cluster]: :_files"
        "--clusters[Healthy clusters besides the nine stories, in each region]: :_files"
        "--regions[Regions of each account, instead of emu-north-1]: :_files"
        "--accounts[Accounts, each with keys, projects and clusters of its own; 1 unless given]: :_files"
        "--rate[Requests a second that an account may send; all others get 429]: :_files"
        "--new-runs[Every N seconds one healthy cluster of a hundred has a new run]: :_files"
        "--ak[Access key to accept, instead of a random one]: :_files"
        "--sk[Secret key that goes with it]: :_files"
        "--nginx[nginx to use, instead of the one in PATH]: :_files"
        "--export[Print shell exports that point at the emulator, in place of the JSON]"
      )
      _arguments -s -S \
        $options \
        "*: :_files" \
        && return 0
      ;;

    alert-rules)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
        "--job[Job under which dwsync is scraped (default dwsync)]: :_files"
        "--data-age[Age from which verdicts are old (default 15m)]: :_files"
        "--patience[Factor for how long alerts wait before they fire (default 1)]: :_files"
        "--fleet[Those about dwsync collect, in place of those about clusters]"
        "*--set[Threshold\: stale.warning=6h, churn=off, disabled=warning; repeatable]: :(churn=off data=off failing=off mass_delete=off never=off overlap=off partial=off slow=off stale=off stuck=off volume=off disabled=off disabled=ok disabled=unknown disabled=warning disabled=critical)"
        "--config[Configuration file [DWSYNC_CONFIG\]]: :_files"
        "--profile[Profile of that file [DWSYNC_PROFILE\]]: :_files"
      )
      _arguments -s -S \
        $options \
        && return 0
      ;;

    completion)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
      )
      _arguments -s -S \
        $options \
        ": :(bash zsh fish clusters)" \
        && return 0
      ;;

    version)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
      )
      _arguments -s -S \
        $options \
        && return 0
      ;;

  esac

  return 1
}

_dwsync_cmds() {
  local -a commands=(
    "records:List the synchronisation records of a cluster"
    "health:Judge the synchronisations of a cluster"
    "check:Check a cluster for Nagios or Icinga"
    "report:Write a report about a cluster"
    "watch:Watch the verdicts and report changes"
    "notify:Tell a chat or a webhook what began, got worse or ended"
    "alerts"
    "wait:Wait until the last synchronisation is fresh and ok"
    "history:Keep records beyond the service's retention, and list them"
    "accounts:Show who is in a database, who came and who went"
    "collect:Look at all clusters of a fleet, again and again"
    "fleet"
    "replay:Show which alerts the rules would have raised"
    "run:Run a runbook: a Lua script with the library ready"
    "clusters:List the clusters of the project"
    "doctor:Find out why something does not work"
    "emulator:Run the DWS service on this machine, for trials and tests"
    "alert-rules:Print alert rules for Prometheus"
    "completion:Print the completion script of a shell"
    "version"
  )
  _describe "command" commands
}

_dwsync_alerts_cmds() {
  local -a commands=(
    "list:Which problems there are, who was told, and what is still owed"
    "ack"
    "silence"
    "unsilence"
    "test:Send one real message to a channel, and say what came back"
  )
  _describe "command" commands
}

_dwsync_history_cmds() {
  local -a commands=(
    "pull:Save the records of a cluster"
    "list"
    "stats"
    "migrate:Bring a history of an older release to this one's schema"
    "prune:Remove old records"
  )
  _describe "command" commands
}

_dwsync_fleet_cmds() {
  local -a commands=(
    "status:Who collects, what is late, how the accounts do"
    "explain"
    "drain"
  )
  _describe "command" commands
}

if [ "$funcstack[1]" = _dwsync ]; then
  _dwsync "$@"
else
  compdef _dwsync dwsync
fi
