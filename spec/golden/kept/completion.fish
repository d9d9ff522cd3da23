function __fish_dwsync_print_command
    set -l cmdline (commandline -poc)
    set -l cmd
    set -e cmdline[1]
    for arg in $cmdline
        switch $arg
            case records
                set cmd $cmd records
                break
            case health
                set cmd $cmd health
                break
            case check
                set cmd $cmd check
                break
            case report
                set cmd $cmd report
                break
            case watch
                set cmd $cmd watch
                break
            case notify
                set cmd $cmd notify
                break
            case alerts
                set cmd $cmd alerts
                set -e cmdline[1]
                for arg in $cmdline
                    switch $arg
                        case list
                            set cmd $cmd list
                            break
                        case ack
                            set cmd $cmd ack
                            break
                        case silence
                            set cmd $cmd silence
                            break
                        case unsilence
                            set cmd $cmd unsilence
                            break
                        case test
                            set cmd $cmd test
                            break
                    end
                end
                break
            case wait
                set cmd $cmd wait
                break
            case history
                set cmd $cmd history
                set -e cmdline[1]
                for arg in $cmdline
                    switch $arg
                        case pull
                            set cmd $cmd pull
                            break
                        case list
                            set cmd $cmd list
                            break
                        case stats
                            set cmd $cmd stats
                            break
                        case migrate
                            set cmd $cmd migrate
                            break
                        case prune
                            set cmd $cmd prune
                            break
                    end
                end
                break
            case accounts
                set cmd $cmd accounts
                break
            case collect
                set cmd $cmd collect
                break
            case fleet
                set cmd $cmd fleet
                set -e cmdline[1]
                for arg in $cmdline
                    switch $arg
                        case status
                            set cmd $cmd status
                            break
                        case explain
                            set cmd $cmd explain
                            break
                        case drain
                            set cmd $cmd drain
                            break
                    end
                end
                break
            case replay
                set cmd $cmd replay
                break
            case run
                set cmd $cmd run
                break
            case clusters
                set cmd $cmd clusters
                break
            case doctor
                set cmd $cmd doctor
                break
            case emulator
                set cmd $cmd emulator
                break
            case alert-rules
                set cmd $cmd alert-rules
                break
            case completion
                set cmd $cmd completion
                break
            case version
                set cmd $cmd version
                break
        end
    end
    echo "$cmd"
end

function __fish_dwsync_using_command
    test (__fish_dwsync_print_command) = "$argv"
    and return 0
    or return 1
end

function __fish_dwsync_seen_command
    string match -q "$argv*" (__fish_dwsync_print_command)
    and return 0
    or return 1
end

complete -c dwsync -n '__fish_dwsync_using_command' -xa 'records' -d 'List the synchronisation records of a cluster'
complete -c dwsync -n '__fish_dwsync_using_command' -xa 'health' -d 'Judge the synchronisations of a cluster'
complete -c dwsync -n '__fish_dwsync_using_command' -xa 'check' -d 'Check a cluster for Nagios or Icinga'
complete -c dwsync -n '__fish_dwsync_using_command' -xa 'report' -d 'Write a report about a cluster'
complete -c dwsync -n '__fish_dwsync_using_command' -xa 'watch' -d 'Watch the verdicts and report changes'
complete -c dwsync -n '__fish_dwsync_using_command' -xa 'notify' -d 'Tell a chat or a webhook what began, got worse or ended'
complete -c dwsync -n '__fish_dwsync_using_command' -xa 'alerts'
complete -c dwsync -n '__fish_dwsync_using_command' -xa 'wait' -d 'Wait until the last synchronisation is fresh and ok'
complete -c dwsync -n '__fish_dwsync_using_command' -xa 'history' -d 'Keep records beyond the service\'s retention, and list them'
complete -c dwsync -n '__fish_dwsync_using_command' -xa 'accounts' -d 'Show who is in a database, who came and who went'
complete -c dwsync -n '__fish_dwsync_using_command' -xa 'collect' -d 'Look at all clusters of a fleet, again and again'
complete -c dwsync -n '__fish_dwsync_using_command' -xa 'fleet'
complete -c dwsync -n '__fish_dwsync_using_command' -xa 'replay' -d 'Show which alerts the rules would have raised'
complete -c dwsync -n '__fish_dwsync_using_command' -xa 'run' -d 'Run a runbook: a Lua script with the library ready'
complete -c dwsync -n '__fish_dwsync_using_command' -xa 'clusters' -d 'List the clusters of the project'
complete -c dwsync -n '__fish_dwsync_using_command' -xa 'doctor' -d 'Find out why something does not work'
complete -c dwsync -n '__fish_dwsync_using_command' -xa 'emulator' -d 'Run the DWS service on this machine, for trials and tests'
complete -c dwsync -n '__fish_dwsync_using_command' -xa 'alert-rules' -d 'Print alert rules for Prometheus'
complete -c dwsync -n '__fish_dwsync_using_command' -xa 'completion' -d 'Print the completion script of a shell'
complete -c dwsync -n '__fish_dwsync_using_command' -xa 'version'
complete -c dwsync -s h -l help -d 'Show this help message and exit'

complete -c dwsync -n '__fish_dwsync_seen_command records' -s h -l help -d 'Show this help message and exit'
complete -c dwsync -n '__fish_dwsync_seen_command records' -l exclude -xa '(dwsync completion clusters 2>/dev/null)' -d 'Not these: names, ids or patterns, separated by commas'
complete -c dwsync -n '__fish_dwsync_seen_command records' -l all-clusters -d 'Of every cluster of the project, or of the configuration file\'s all_clusters'
complete -c dwsync -n '__fish_dwsync_seen_command records' -l input -r -d 'Records in a file, or - for stdin: NDJSON or JSON'
complete -c dwsync -n '__fish_dwsync_seen_command records' -l page-size -r -d 'Records a request (default 1000)'
complete -c dwsync -n '__fish_dwsync_seen_command records' -l limit -r -d 'Only the newest so many of a cluster'
complete -c dwsync -n '__fish_dwsync_seen_command records' -l paging -xa 'auto page row' -d 'How offset counts (default auto)'
complete -c dwsync -n '__fish_dwsync_seen_command records' -l offset -r -d 'Only that page, as the service counts'
complete -c dwsync -n '__fish_dwsync_seen_command records' -l status -xa 'FINISHED FAILED RUNNING' -d 'Only these: FINISHED, FAILED, RUNNING'
complete -c dwsync -n '__fish_dwsync_seen_command records' -l since -r -d 'Started at or after: 90m, 7d, yesterday, a local date or time'
complete -c dwsync -n '__fish_dwsync_seen_command records' -l until -r -d 'Started before'
complete -c dwsync -n '__fish_dwsync_seen_command records' -l source -r -d 'Only these sources: ids or types'
complete -c dwsync -n '__fish_dwsync_seen_command records' -l config -r -d 'Configuration file [DWSYNC_CONFIG]'
complete -c dwsync -n '__fish_dwsync_seen_command records' -l profile -r -d 'Profile of that file [DWSYNC_PROFILE]'
complete -c dwsync -n '__fish_dwsync_seen_command records' -l region -xa 'ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1' -d 'Region, for example cn-north-4 [DWSYNC_REGION]'
complete -c dwsync -n '__fish_dwsync_seen_command records' -l endpoint -r -d 'DWS endpoint instead of the region\'s'
complete -c dwsync -n '__fish_dwsync_seen_command records' -l iam-endpoint -r -d 'IAM endpoint instead of the region\'s'
complete -c dwsync -n '__fish_dwsync_seen_command records' -l project-id -r -d 'Project; looked up at IAM when not given'
complete -c dwsync -n '__fish_dwsync_seen_command records' -l proxy -r -d 'Proxy URL, or none; default: the environment\'s'
complete -c dwsync -n '__fish_dwsync_seen_command records' -l ca-file -r -d 'PEM file of the CA to trust [DWSYNC_CA_FILE]'
complete -c dwsync -n '__fish_dwsync_seen_command records' -l timeout -r -d 'Seconds for the whole answer (default 60)'
complete -c dwsync -n '__fish_dwsync_seen_command records' -l retries -r -d 'How often to try again (default 3)'
complete -c dwsync -n '__fish_dwsync_seen_command records' -l debug -d 'Show each request on stderr'
complete -c dwsync -n '__fish_dwsync_seen_command records' -s o -l output -xa 'table csv tsv json ndjson markdown html' -d 'Format: table, csv, tsv, json, ndjson, markdown, html (default: table)'
complete -c dwsync -n '__fish_dwsync_seen_command records' -l time -xa 'iso ms local' -d 'How times are written: iso (UTC), local, ms (default: iso)'
complete -c dwsync -n '__fish_dwsync_seen_command records' -l columns -xa 'id identity_source_id identity_source_type start_time end_time add_count update_count delete_count failed_count status fail_reason' -d 'Columns, separated by commas'
complete -c dwsync -n '__fish_dwsync_seen_command records' -l color -xa 'auto always never' -d 'When to use colour'

complete -c dwsync -n '__fish_dwsync_seen_command health' -s h -l help -d 'Show this help message and exit'
complete -c dwsync -n '__fish_dwsync_seen_command health' -l exclude -xa '(dwsync completion clusters 2>/dev/null)' -d 'Not these: names, ids or patterns, separated by commas'
complete -c dwsync -n '__fish_dwsync_seen_command health' -l all-clusters -d 'Of every cluster of the project, or of the configuration file\'s all_clusters'
complete -c dwsync -n '__fish_dwsync_seen_command health' -l input -r -d 'Records in a file, or - for stdin: NDJSON or JSON'
complete -c dwsync -n '__fish_dwsync_seen_command health' -l page-size -r -d 'Records a request (default 1000)'
complete -c dwsync -n '__fish_dwsync_seen_command health' -l limit -r
complete -c dwsync -n '__fish_dwsync_seen_command health' -l paging -xa 'auto page row' -d 'How offset counts (default auto)'
complete -c dwsync -n '__fish_dwsync_seen_command health' -l source -r -d 'Only these sources: ids or types'
complete -c dwsync -n '__fish_dwsync_seen_command health' -l set -xa 'churn=off data=off failing=off mass_delete=off never=off overlap=off partial=off slow=off stale=off stuck=off volume=off disabled=off disabled=ok disabled=unknown disabled=warning disabled=critical' -d 'Threshold: stale.warning=6h, churn=off, disabled=warning; repeatable'
complete -c dwsync -n '__fish_dwsync_seen_command health' -l history -r -d 'File, or postgres:// URL [DWSYNC_HISTORY]'
complete -c dwsync -n '__fish_dwsync_seen_command health' -l config -r -d 'Configuration file [DWSYNC_CONFIG]'
complete -c dwsync -n '__fish_dwsync_seen_command health' -l profile -r -d 'Profile of that file [DWSYNC_PROFILE]'
complete -c dwsync -n '__fish_dwsync_seen_command health' -l region -xa 'ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1' -d 'Region, for example cn-north-4 [DWSYNC_REGION]'
complete -c dwsync -n '__fish_dwsync_seen_command health' -l endpoint -r -d 'DWS endpoint instead of the region\'s'
complete -c dwsync -n '__fish_dwsync_seen_command health' -l iam-endpoint -r -d 'IAM endpoint instead of the region\'s'
complete -c dwsync -n '__fish_dwsync_seen_command health' -l project-id -r -d 'Project; looked up at IAM when not given'
complete -c dwsync -n '__fish_dwsync_seen_command health' -l proxy -r -d 'Proxy URL, or none; default: the environment\'s'
complete -c dwsync -n '__fish_dwsync_seen_command health' -l ca-file -r -d 'PEM file of the CA to trust [DWSYNC_CA_FILE]'
complete -c dwsync -n '__fish_dwsync_seen_command health' -l timeout -r -d 'Seconds for the whole answer (default 60)'
complete -c dwsync -n '__fish_dwsync_seen_command health' -l retries -r -d 'How often to try again (default 3)'
complete -c dwsync -n '__fish_dwsync_seen_command health' -l debug -d 'Show each request on stderr'
complete -c dwsync -n '__fish_dwsync_seen_command health' -l explain -r -d 'Show the model behind these rules\' verdicts; repeatable'
complete -c dwsync -n '__fish_dwsync_seen_command health' -s o -l output -xa 'table csv tsv json ndjson markdown html status prometheus nagios' -d 'Format: table, csv, tsv, json, ndjson, markdown, html, status, prometheus, nagios (default: table)'
complete -c dwsync -n '__fish_dwsync_seen_command health' -l color -xa 'auto always never' -d 'When to use colour'

complete -c dwsync -n '__fish_dwsync_seen_command check' -s h -l help -d 'Show this help message and exit'
complete -c dwsync -n '__fish_dwsync_seen_command check' -l exclude -xa '(dwsync completion clusters 2>/dev/null)' -d 'Not these: names, ids or patterns, separated by commas'
complete -c dwsync -n '__fish_dwsync_seen_command check' -l all-clusters -d 'Of every cluster of the project, or of the configuration file\'s all_clusters'
complete -c dwsync -n '__fish_dwsync_seen_command check' -l input -r -d 'Records in a file, or - for stdin: NDJSON or JSON'
complete -c dwsync -n '__fish_dwsync_seen_command check' -l page-size -r -d 'Records a request (default 1000)'
complete -c dwsync -n '__fish_dwsync_seen_command check' -l limit -r
complete -c dwsync -n '__fish_dwsync_seen_command check' -l paging -xa 'auto page row' -d 'How offset counts (default auto)'
complete -c dwsync -n '__fish_dwsync_seen_command check' -l source -r -d 'Only these sources: ids or types'
complete -c dwsync -n '__fish_dwsync_seen_command check' -l set -xa 'churn=off data=off failing=off mass_delete=off never=off overlap=off partial=off slow=off stale=off stuck=off volume=off disabled=off disabled=ok disabled=unknown disabled=warning disabled=critical' -d 'Threshold: stale.warning=6h, churn=off, disabled=warning; repeatable'
complete -c dwsync -n '__fish_dwsync_seen_command check' -l history -r -d 'File, or postgres:// URL [DWSYNC_HISTORY]'
complete -c dwsync -n '__fish_dwsync_seen_command check' -l config -r -d 'Configuration file [DWSYNC_CONFIG]'
complete -c dwsync -n '__fish_dwsync_seen_command check' -l profile -r -d 'Profile of that file [DWSYNC_PROFILE]'
complete -c dwsync -n '__fish_dwsync_seen_command check' -l region -xa 'ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1' -d 'Region, for example cn-north-4 [DWSYNC_REGION]'
complete -c dwsync -n '__fish_dwsync_seen_command check' -l endpoint -r -d 'DWS endpoint instead of the region\'s'
complete -c dwsync -n '__fish_dwsync_seen_command check' -l iam-endpoint -r -d 'IAM endpoint instead of the region\'s'
complete -c dwsync -n '__fish_dwsync_seen_command check' -l project-id -r -d 'Project; looked up at IAM when not given'
complete -c dwsync -n '__fish_dwsync_seen_command check' -l proxy -r -d 'Proxy URL, or none; default: the environment\'s'
complete -c dwsync -n '__fish_dwsync_seen_command check' -l ca-file -r -d 'PEM file of the CA to trust [DWSYNC_CA_FILE]'
complete -c dwsync -n '__fish_dwsync_seen_command check' -l timeout -r -d 'Seconds for the whole answer (default 60)'
complete -c dwsync -n '__fish_dwsync_seen_command check' -l retries -r -d 'How often to try again (default 3)'
complete -c dwsync -n '__fish_dwsync_seen_command check' -l debug -d 'Show each request on stderr'
complete -c dwsync -n '__fish_dwsync_seen_command check' -l long -d 'Add a line about each finding'

complete -c dwsync -n '__fish_dwsync_seen_command report' -s h -l help -d 'Show this help message and exit'
complete -c dwsync -n '__fish_dwsync_seen_command report' -l exclude -xa '(dwsync completion clusters 2>/dev/null)' -d 'Not these: names, ids or patterns, separated by commas'
complete -c dwsync -n '__fish_dwsync_seen_command report' -l all-clusters -d 'Of every cluster of the project, or of the configuration file\'s all_clusters'
complete -c dwsync -n '__fish_dwsync_seen_command report' -l input -r -d 'Records in a file, or - for stdin: NDJSON or JSON'
complete -c dwsync -n '__fish_dwsync_seen_command report' -l page-size -r -d 'Records a request (default 1000)'
complete -c dwsync -n '__fish_dwsync_seen_command report' -l limit -r
complete -c dwsync -n '__fish_dwsync_seen_command report' -l paging -xa 'auto page row' -d 'How offset counts (default auto)'
complete -c dwsync -n '__fish_dwsync_seen_command report' -l source -r -d 'Only these sources: ids or types'
complete -c dwsync -n '__fish_dwsync_seen_command report' -l set -xa 'churn=off data=off failing=off mass_delete=off never=off overlap=off partial=off slow=off stale=off stuck=off volume=off disabled=off disabled=ok disabled=unknown disabled=warning disabled=critical' -d 'Threshold: stale.warning=6h, churn=off, disabled=warning; repeatable'
complete -c dwsync -n '__fish_dwsync_seen_command report' -l history -r -d 'File, or postgres:// URL [DWSYNC_HISTORY]'
complete -c dwsync -n '__fish_dwsync_seen_command report' -l config -r -d 'Configuration file [DWSYNC_CONFIG]'
complete -c dwsync -n '__fish_dwsync_seen_command report' -l profile -r -d 'Profile of that file [DWSYNC_PROFILE]'
complete -c dwsync -n '__fish_dwsync_seen_command report' -l region -xa 'ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1' -d 'Region, for example cn-north-4 [DWSYNC_REGION]'
complete -c dwsync -n '__fish_dwsync_seen_command report' -l endpoint -r -d 'DWS endpoint instead of the region\'s'
complete -c dwsync -n '__fish_dwsync_seen_command report' -l iam-endpoint -r -d 'IAM endpoint instead of the region\'s'
complete -c dwsync -n '__fish_dwsync_seen_command report' -l project-id -r -d 'Project; looked up at IAM when not given'
complete -c dwsync -n '__fish_dwsync_seen_command report' -l proxy -r -d 'Proxy URL, or none; default: the environment\'s'
complete -c dwsync -n '__fish_dwsync_seen_command report' -l ca-file -r -d 'PEM file of the CA to trust [DWSYNC_CA_FILE]'
complete -c dwsync -n '__fish_dwsync_seen_command report' -l timeout -r -d 'Seconds for the whole answer (default 60)'
complete -c dwsync -n '__fish_dwsync_seen_command report' -l retries -r -d 'How often to try again (default 3)'
complete -c dwsync -n '__fish_dwsync_seen_command report' -l debug -d 'Show each request on stderr'
complete -c dwsync -n '__fish_dwsync_seen_command report' -s o -l output -xa 'table csv tsv json ndjson markdown html status prometheus nagios' -d 'Format: table, csv, tsv, json, ndjson, markdown, html, status, prometheus, nagios (default: the file\'s, else html)'
complete -c dwsync -n '__fish_dwsync_seen_command report' -l file -r -d 'File to write, whole or not at all'

complete -c dwsync -n '__fish_dwsync_seen_command watch' -s h -l help -d 'Show this help message and exit'
complete -c dwsync -n '__fish_dwsync_seen_command watch' -l exclude -xa '(dwsync completion clusters 2>/dev/null)' -d 'Not these: names, ids or patterns, separated by commas'
complete -c dwsync -n '__fish_dwsync_seen_command watch' -l all-clusters -d 'Of every cluster of the project, or of the configuration file\'s all_clusters'
complete -c dwsync -n '__fish_dwsync_seen_command watch' -l page-size -r -d 'Records a request (default 1000)'
complete -c dwsync -n '__fish_dwsync_seen_command watch' -l limit -r
complete -c dwsync -n '__fish_dwsync_seen_command watch' -l paging -xa 'auto page row' -d 'How offset counts (default auto)'
complete -c dwsync -n '__fish_dwsync_seen_command watch' -l source -r -d 'Only these sources: ids or types'
complete -c dwsync -n '__fish_dwsync_seen_command watch' -l set -xa 'churn=off data=off failing=off mass_delete=off never=off overlap=off partial=off slow=off stale=off stuck=off volume=off disabled=off disabled=ok disabled=unknown disabled=warning disabled=critical' -d 'Threshold: stale.warning=6h, churn=off, disabled=warning; repeatable'
complete -c dwsync -n '__fish_dwsync_seen_command watch' -l history -r -d 'File, or postgres:// URL [DWSYNC_HISTORY]'
complete -c dwsync -n '__fish_dwsync_seen_command watch' -l config -r -d 'Configuration file [DWSYNC_CONFIG]'
complete -c dwsync -n '__fish_dwsync_seen_command watch' -l profile -r -d 'Profile of that file [DWSYNC_PROFILE]'
complete -c dwsync -n '__fish_dwsync_seen_command watch' -l region -xa 'ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1' -d 'Region, for example cn-north-4 [DWSYNC_REGION]'
complete -c dwsync -n '__fish_dwsync_seen_command watch' -l endpoint -r -d 'DWS endpoint instead of the region\'s'
complete -c dwsync -n '__fish_dwsync_seen_command watch' -l iam-endpoint -r -d 'IAM endpoint instead of the region\'s'
complete -c dwsync -n '__fish_dwsync_seen_command watch' -l project-id -r -d 'Project; looked up at IAM when not given'
complete -c dwsync -n '__fish_dwsync_seen_command watch' -l proxy -r -d 'Proxy URL, or none; default: the environment\'s'
complete -c dwsync -n '__fish_dwsync_seen_command watch' -l ca-file -r -d 'PEM file of the CA to trust [DWSYNC_CA_FILE]'
complete -c dwsync -n '__fish_dwsync_seen_command watch' -l timeout -r -d 'Seconds for the whole answer (default 60)'
complete -c dwsync -n '__fish_dwsync_seen_command watch' -l retries -r -d 'How often to try again (default 3)'
complete -c dwsync -n '__fish_dwsync_seen_command watch' -l debug -d 'Show each request on stderr'
complete -c dwsync -n '__fish_dwsync_seen_command watch' -l interval -r -d 'Time between looks (default 60s)'
complete -c dwsync -n '__fish_dwsync_seen_command watch' -l on-change -r -d 'Program to run for each event, which it gets as JSON on stdin'
complete -c dwsync -n '__fish_dwsync_seen_command watch' -l pass-environment -r -d 'Variable that this program gets besides PATH, HOME, LANG and the like; repeatable'
complete -c dwsync -n '__fish_dwsync_seen_command watch' -l color -xa 'auto always never' -d 'When to use colour'

complete -c dwsync -n '__fish_dwsync_seen_command notify' -s h -l help -d 'Show this help message and exit'
complete -c dwsync -n '__fish_dwsync_seen_command notify' -l exclude -xa '(dwsync completion clusters 2>/dev/null)' -d 'Not these: names, ids or patterns, separated by commas'
complete -c dwsync -n '__fish_dwsync_seen_command notify' -l all-clusters -d 'Of every cluster of the project, or of the configuration file\'s all_clusters'
complete -c dwsync -n '__fish_dwsync_seen_command notify' -l page-size -r -d 'Records a request (default 1000)'
complete -c dwsync -n '__fish_dwsync_seen_command notify' -l limit -r
complete -c dwsync -n '__fish_dwsync_seen_command notify' -l paging -xa 'auto page row' -d 'How offset counts (default auto)'
complete -c dwsync -n '__fish_dwsync_seen_command notify' -l source -r -d 'Only these sources: ids or types'
complete -c dwsync -n '__fish_dwsync_seen_command notify' -l set -xa 'churn=off data=off failing=off mass_delete=off never=off overlap=off partial=off slow=off stale=off stuck=off volume=off disabled=off disabled=ok disabled=unknown disabled=warning disabled=critical' -d 'Threshold: stale.warning=6h, churn=off, disabled=warning; repeatable'
complete -c dwsync -n '__fish_dwsync_seen_command notify' -l history -r -d 'File, or postgres:// URL [DWSYNC_HISTORY]'
complete -c dwsync -n '__fish_dwsync_seen_command notify' -l config -r -d 'Configuration file [DWSYNC_CONFIG]'
complete -c dwsync -n '__fish_dwsync_seen_command notify' -l profile -r -d 'Profile of that file [DWSYNC_PROFILE]'
complete -c dwsync -n '__fish_dwsync_seen_command notify' -l region -xa 'ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1' -d 'Region, for example cn-north-4 [DWSYNC_REGION]'
complete -c dwsync -n '__fish_dwsync_seen_command notify' -l endpoint -r -d 'DWS endpoint instead of the region\'s'
complete -c dwsync -n '__fish_dwsync_seen_command notify' -l iam-endpoint -r -d 'IAM endpoint instead of the region\'s'
complete -c dwsync -n '__fish_dwsync_seen_command notify' -l project-id -r -d 'Project; looked up at IAM when not given'
complete -c dwsync -n '__fish_dwsync_seen_command notify' -l proxy -r -d 'Proxy URL, or none; default: the environment\'s'
complete -c dwsync -n '__fish_dwsync_seen_command notify' -l ca-file -r -d 'PEM file of the CA to trust [DWSYNC_CA_FILE]'
complete -c dwsync -n '__fish_dwsync_seen_command notify' -l timeout -r -d 'Seconds for the whole answer (default 60)'
complete -c dwsync -n '__fish_dwsync_seen_command notify' -l retries -r -d 'How often to try again (default 3)'
complete -c dwsync -n '__fish_dwsync_seen_command notify' -l debug -d 'Show each request on stderr'
complete -c dwsync -n '__fish_dwsync_seen_command notify' -l slack-url-file -r -d 'File with the address of Slack [DWSYNC_SLACK_URL]'
complete -c dwsync -n '__fish_dwsync_seen_command notify' -l teams-url-file -r -d 'File with the address of Teams [DWSYNC_TEAMS_URL]'
complete -c dwsync -n '__fish_dwsync_seen_command notify' -l webhook-url-file -r -d 'File with the address of a webhook [DWSYNC_WEBHOOK_URL]'
complete -c dwsync -n '__fish_dwsync_seen_command notify' -l min-severity -xa 'unknown warning critical' -d 'Problems from this severity on (default warning)'
complete -c dwsync -n '__fish_dwsync_seen_command notify' -l dry-run -d 'Print what would be sent; send and keep nothing'

complete -c dwsync -n '__fish_dwsync_using_command alerts' -xa 'list' -d 'Which problems there are, who was told, and what is still owed'
complete -c dwsync -n '__fish_dwsync_using_command alerts' -xa 'ack'
complete -c dwsync -n '__fish_dwsync_using_command alerts' -xa 'silence'
complete -c dwsync -n '__fish_dwsync_using_command alerts' -xa 'unsilence'
complete -c dwsync -n '__fish_dwsync_using_command alerts' -xa 'test' -d 'Send one real message to a channel, and say what came back'
complete -c dwsync -n '__fish_dwsync_seen_command alerts' -s h -l help -d 'Show this help message and exit'

complete -c dwsync -n '__fish_dwsync_seen_command alerts list' -s h -l help -d 'Show this help message and exit'
complete -c dwsync -n '__fish_dwsync_seen_command alerts list' -l all -d 'Those that ended, too'
complete -c dwsync -n '__fish_dwsync_seen_command alerts list' -l fleet -r -d 'File with the inventory [DWSYNC_FLEET]'
complete -c dwsync -n '__fish_dwsync_seen_command alerts list' -l history -r -d 'File, or postgres:// URL [DWSYNC_HISTORY]'
complete -c dwsync -n '__fish_dwsync_seen_command alerts list' -l config -r -d 'Configuration file [DWSYNC_CONFIG]'
complete -c dwsync -n '__fish_dwsync_seen_command alerts list' -l profile -r -d 'Profile of that file [DWSYNC_PROFILE]'
complete -c dwsync -n '__fish_dwsync_seen_command alerts list' -s o -l output -xa 'table json' -d 'Format: table, json (default: table)'

complete -c dwsync -n '__fish_dwsync_seen_command alerts ack' -s h -l help -d 'Show this help message and exit'
complete -c dwsync -n '__fish_dwsync_seen_command alerts ack' -l rule -r -d 'Only of this rule'
complete -c dwsync -n '__fish_dwsync_seen_command alerts ack' -l source -r -d 'Only of this identity source'
complete -c dwsync -n '__fish_dwsync_seen_command alerts ack' -l all -d 'All that are meant, where several are'
complete -c dwsync -n '__fish_dwsync_seen_command alerts ack' -l by -r -d 'Who does this [USER]'
complete -c dwsync -n '__fish_dwsync_seen_command alerts ack' -l note -r -d 'A word for the others'
complete -c dwsync -n '__fish_dwsync_seen_command alerts ack' -l fleet -r -d 'File with the inventory [DWSYNC_FLEET]'
complete -c dwsync -n '__fish_dwsync_seen_command alerts ack' -l history -r -d 'File, or postgres:// URL [DWSYNC_HISTORY]'
complete -c dwsync -n '__fish_dwsync_seen_command alerts ack' -l config -r -d 'Configuration file [DWSYNC_CONFIG]'
complete -c dwsync -n '__fish_dwsync_seen_command alerts ack' -l profile -r -d 'Profile of that file [DWSYNC_PROFILE]'

complete -c dwsync -n '__fish_dwsync_seen_command alerts silence' -s h -l help -d 'Show this help message and exit'
complete -c dwsync -n '__fish_dwsync_seen_command alerts silence' -l rule -r -d 'Only of this rule'
complete -c dwsync -n '__fish_dwsync_seen_command alerts silence' -l source -r -d 'Only of this identity source'
complete -c dwsync -n '__fish_dwsync_seen_command alerts silence' -l all -d 'All that are meant, where several are'
complete -c dwsync -n '__fish_dwsync_seen_command alerts silence' -l for -r -d 'So long'
complete -c dwsync -n '__fish_dwsync_seen_command alerts silence' -l until -r -d 'Until then: 18:30, or a date and time'
complete -c dwsync -n '__fish_dwsync_seen_command alerts silence' -l by -r -d 'Who does this [USER]'
complete -c dwsync -n '__fish_dwsync_seen_command alerts silence' -l fleet -r -d 'File with the inventory [DWSYNC_FLEET]'
complete -c dwsync -n '__fish_dwsync_seen_command alerts silence' -l history -r -d 'File, or postgres:// URL [DWSYNC_HISTORY]'
complete -c dwsync -n '__fish_dwsync_seen_command alerts silence' -l config -r -d 'Configuration file [DWSYNC_CONFIG]'
complete -c dwsync -n '__fish_dwsync_seen_command alerts silence' -l profile -r -d 'Profile of that file [DWSYNC_PROFILE]'

complete -c dwsync -n '__fish_dwsync_seen_command alerts unsilence' -s h -l help -d 'Show this help message and exit'
complete -c dwsync -n '__fish_dwsync_seen_command alerts unsilence' -l rule -r -d 'Only of this rule'
complete -c dwsync -n '__fish_dwsync_seen_command alerts unsilence' -l source -r -d 'Only of this identity source'
complete -c dwsync -n '__fish_dwsync_seen_command alerts unsilence' -l all -d 'All that are meant, where several are'
complete -c dwsync -n '__fish_dwsync_seen_command alerts unsilence' -l fleet -r -d 'File with the inventory [DWSYNC_FLEET]'
complete -c dwsync -n '__fish_dwsync_seen_command alerts unsilence' -l history -r -d 'File, or postgres:// URL [DWSYNC_HISTORY]'
complete -c dwsync -n '__fish_dwsync_seen_command alerts unsilence' -l config -r -d 'Configuration file [DWSYNC_CONFIG]'
complete -c dwsync -n '__fish_dwsync_seen_command alerts unsilence' -l profile -r -d 'Profile of that file [DWSYNC_PROFILE]'

complete -c dwsync -n '__fish_dwsync_seen_command alerts test' -s h -l help -d 'Show this help message and exit'
complete -c dwsync -n '__fish_dwsync_seen_command alerts test' -l slack-url-file -r -d 'File with the address of Slack [DWSYNC_SLACK_URL]'
complete -c dwsync -n '__fish_dwsync_seen_command alerts test' -l teams-url-file -r -d 'File with the address of Teams [DWSYNC_TEAMS_URL]'
complete -c dwsync -n '__fish_dwsync_seen_command alerts test' -l webhook-url-file -r -d 'File with the address of a webhook [DWSYNC_WEBHOOK_URL]'
complete -c dwsync -n '__fish_dwsync_seen_command alerts test' -l fleet -r -d 'File with the inventory [DWSYNC_FLEET]'
complete -c dwsync -n '__fish_dwsync_seen_command alerts test' -l history -r -d 'File, or postgres:// URL [DWSYNC_HISTORY]'
complete -c dwsync -n '__fish_dwsync_seen_command alerts test' -l config -r -d 'Configuration file [DWSYNC_CONFIG]'
complete -c dwsync -n '__fish_dwsync_seen_command alerts test' -l profile -r -d 'Profile of that file [DWSYNC_PROFILE]'

complete -c dwsync -n '__fish_dwsync_seen_command wait' -s h -l help -d 'Show this help message and exit'
complete -c dwsync -n '__fish_dwsync_seen_command wait' -l timeout -r -d 'How long to wait; 0 looks once (default 10m)'
complete -c dwsync -n '__fish_dwsync_seen_command wait' -l exclude -xa '(dwsync completion clusters 2>/dev/null)' -d 'Not these: names, ids or patterns, separated by commas'
complete -c dwsync -n '__fish_dwsync_seen_command wait' -l all-clusters -d 'Of every cluster of the project, or of the configuration file\'s all_clusters'
complete -c dwsync -n '__fish_dwsync_seen_command wait' -l input -r -d 'Records in a file, or - for stdin: NDJSON or JSON'
complete -c dwsync -n '__fish_dwsync_seen_command wait' -l page-size -r -d 'Records a request (default 1000)'
complete -c dwsync -n '__fish_dwsync_seen_command wait' -l limit -r
complete -c dwsync -n '__fish_dwsync_seen_command wait' -l paging -xa 'auto page row' -d 'How offset counts (default auto)'
complete -c dwsync -n '__fish_dwsync_seen_command wait' -l source -r -d 'Only these sources: ids or types'
complete -c dwsync -n '__fish_dwsync_seen_command wait' -l set -xa 'churn=off data=off failing=off mass_delete=off never=off overlap=off partial=off slow=off stale=off stuck=off volume=off disabled=off disabled=ok disabled=unknown disabled=warning disabled=critical' -d 'Threshold: stale.warning=6h, churn=off, disabled=warning; repeatable'
complete -c dwsync -n '__fish_dwsync_seen_command wait' -l history -r -d 'File, or postgres:// URL [DWSYNC_HISTORY]'
complete -c dwsync -n '__fish_dwsync_seen_command wait' -l config -r -d 'Configuration file [DWSYNC_CONFIG]'
complete -c dwsync -n '__fish_dwsync_seen_command wait' -l profile -r -d 'Profile of that file [DWSYNC_PROFILE]'
complete -c dwsync -n '__fish_dwsync_seen_command wait' -l region -xa 'ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1' -d 'Region, for example cn-north-4 [DWSYNC_REGION]'
complete -c dwsync -n '__fish_dwsync_seen_command wait' -l endpoint -r -d 'DWS endpoint instead of the region\'s'
complete -c dwsync -n '__fish_dwsync_seen_command wait' -l iam-endpoint -r -d 'IAM endpoint instead of the region\'s'
complete -c dwsync -n '__fish_dwsync_seen_command wait' -l project-id -r -d 'Project; looked up at IAM when not given'
complete -c dwsync -n '__fish_dwsync_seen_command wait' -l proxy -r -d 'Proxy URL, or none; default: the environment\'s'
complete -c dwsync -n '__fish_dwsync_seen_command wait' -l ca-file -r -d 'PEM file of the CA to trust [DWSYNC_CA_FILE]'
complete -c dwsync -n '__fish_dwsync_seen_command wait' -l retries -r -d 'How often to try again (default 3)'
complete -c dwsync -n '__fish_dwsync_seen_command wait' -l debug -d 'Show each request on stderr'
complete -c dwsync -n '__fish_dwsync_seen_command wait' -l fresh -r -d 'Greatest age of the last run (default 6h)'
complete -c dwsync -n '__fish_dwsync_seen_command wait' -l accept -xa 'ok unknown warning' -d 'Worst verdict that is good enough (default ok)'
complete -c dwsync -n '__fish_dwsync_seen_command wait' -l interval -r -d 'Time between looks (default 30s)'

complete -c dwsync -n '__fish_dwsync_using_command history' -xa 'pull' -d 'Save the records of a cluster'
complete -c dwsync -n '__fish_dwsync_using_command history' -xa 'list'
complete -c dwsync -n '__fish_dwsync_using_command history' -xa 'stats'
complete -c dwsync -n '__fish_dwsync_using_command history' -xa 'migrate' -d 'Bring a history of an older release to this one\'s schema'
complete -c dwsync -n '__fish_dwsync_using_command history' -xa 'prune' -d 'Remove old records'
complete -c dwsync -n '__fish_dwsync_seen_command history' -s h -l help -d 'Show this help message and exit'

complete -c dwsync -n '__fish_dwsync_seen_command history pull' -s h -l help -d 'Show this help message and exit'
complete -c dwsync -n '__fish_dwsync_seen_command history pull' -l exclude -xa '(dwsync completion clusters 2>/dev/null)' -d 'Not these: names, ids or patterns, separated by commas'
complete -c dwsync -n '__fish_dwsync_seen_command history pull' -l all-clusters -d 'Of every cluster of the project, or of the configuration file\'s all_clusters'
complete -c dwsync -n '__fish_dwsync_seen_command history pull' -l input -r -d 'Records in a file, or - for stdin: NDJSON or JSON'
complete -c dwsync -n '__fish_dwsync_seen_command history pull' -l page-size -r -d 'Records a request (default 1000)'
complete -c dwsync -n '__fish_dwsync_seen_command history pull' -l limit -r
complete -c dwsync -n '__fish_dwsync_seen_command history pull' -l paging -xa 'auto page row' -d 'How offset counts (default auto)'
complete -c dwsync -n '__fish_dwsync_seen_command history pull' -l source -r -d 'Only these sources: ids or types'
complete -c dwsync -n '__fish_dwsync_seen_command history pull' -l accounts -d 'Look at the accounts of the database, too, and keep who came and who went'
complete -c dwsync -n '__fish_dwsync_seen_command history pull' -l accept-short -d 'With --accounts: those missing from a list that may go on went'
complete -c dwsync -n '__fish_dwsync_seen_command history pull' -l config -r -d 'Configuration file [DWSYNC_CONFIG]'
complete -c dwsync -n '__fish_dwsync_seen_command history pull' -l profile -r -d 'Profile of that file [DWSYNC_PROFILE]'
complete -c dwsync -n '__fish_dwsync_seen_command history pull' -l region -xa 'ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1' -d 'Region, for example cn-north-4 [DWSYNC_REGION]'
complete -c dwsync -n '__fish_dwsync_seen_command history pull' -l endpoint -r -d 'DWS endpoint instead of the region\'s'
complete -c dwsync -n '__fish_dwsync_seen_command history pull' -l iam-endpoint -r -d 'IAM endpoint instead of the region\'s'
complete -c dwsync -n '__fish_dwsync_seen_command history pull' -l project-id -r -d 'Project; looked up at IAM when not given'
complete -c dwsync -n '__fish_dwsync_seen_command history pull' -l proxy -r -d 'Proxy URL, or none; default: the environment\'s'
complete -c dwsync -n '__fish_dwsync_seen_command history pull' -l ca-file -r -d 'PEM file of the CA to trust [DWSYNC_CA_FILE]'
complete -c dwsync -n '__fish_dwsync_seen_command history pull' -l timeout -r -d 'Seconds for the whole answer (default 60)'
complete -c dwsync -n '__fish_dwsync_seen_command history pull' -l retries -r -d 'How often to try again (default 3)'
complete -c dwsync -n '__fish_dwsync_seen_command history pull' -l debug -d 'Show each request on stderr'
complete -c dwsync -n '__fish_dwsync_seen_command history pull' -l history -r -d 'File, or postgres:// URL [DWSYNC_HISTORY]'
complete -c dwsync -n '__fish_dwsync_seen_command history pull' -s o -l output -xa 'table csv tsv json ndjson markdown html' -d 'Format: table, csv, tsv, json, ndjson, markdown, html (default: table)'
complete -c dwsync -n '__fish_dwsync_seen_command history pull' -l time -xa 'iso ms local' -d 'How times are written: iso (UTC), local, ms (default: iso)'
complete -c dwsync -n '__fish_dwsync_seen_command history pull' -l columns -xa 'id identity_source_id identity_source_type start_time end_time add_count update_count delete_count failed_count status fail_reason' -d 'Columns, separated by commas'
complete -c dwsync -n '__fish_dwsync_seen_command history pull' -l color -xa 'auto always never' -d 'When to use colour'

complete -c dwsync -n '__fish_dwsync_seen_command history list' -s h -l help -d 'Show this help message and exit'
complete -c dwsync -n '__fish_dwsync_seen_command history list' -l exclude -xa '(dwsync completion clusters 2>/dev/null)' -d 'Not these: names, ids or patterns, separated by commas'
complete -c dwsync -n '__fish_dwsync_seen_command history list' -l all-clusters -d 'Of every cluster, or of the configuration file\'s all_clusters'
complete -c dwsync -n '__fish_dwsync_seen_command history list' -l limit -r -d 'Only the newest so many of a cluster'
complete -c dwsync -n '__fish_dwsync_seen_command history list' -l status -xa 'FINISHED FAILED RUNNING' -d 'Only these: FINISHED, FAILED, RUNNING'
complete -c dwsync -n '__fish_dwsync_seen_command history list' -l since -r -d 'Started at or after: 90m, 7d, yesterday, a local date or time'
complete -c dwsync -n '__fish_dwsync_seen_command history list' -l until -r -d 'Started before'
complete -c dwsync -n '__fish_dwsync_seen_command history list' -l source -r -d 'Only these sources: ids or types'
complete -c dwsync -n '__fish_dwsync_seen_command history list' -l config -r -d 'Configuration file [DWSYNC_CONFIG]'
complete -c dwsync -n '__fish_dwsync_seen_command history list' -l profile -r -d 'Profile of that file [DWSYNC_PROFILE]'
complete -c dwsync -n '__fish_dwsync_seen_command history list' -l history -r -d 'File, or postgres:// URL [DWSYNC_HISTORY]'
complete -c dwsync -n '__fish_dwsync_seen_command history list' -s o -l output -xa 'table csv tsv json ndjson markdown html' -d 'Format: table, csv, tsv, json, ndjson, markdown, html (default: table)'
complete -c dwsync -n '__fish_dwsync_seen_command history list' -l time -xa 'iso ms local' -d 'How times are written: iso (UTC), local, ms (default: iso)'
complete -c dwsync -n '__fish_dwsync_seen_command history list' -l columns -xa 'id identity_source_id identity_source_type start_time end_time add_count update_count delete_count failed_count status fail_reason' -d 'Columns, separated by commas'
complete -c dwsync -n '__fish_dwsync_seen_command history list' -l color -xa 'auto always never' -d 'When to use colour'

complete -c dwsync -n '__fish_dwsync_seen_command history stats' -s h -l help -d 'Show this help message and exit'
complete -c dwsync -n '__fish_dwsync_seen_command history stats' -l config -r -d 'Configuration file [DWSYNC_CONFIG]'
complete -c dwsync -n '__fish_dwsync_seen_command history stats' -l profile -r -d 'Profile of that file [DWSYNC_PROFILE]'
complete -c dwsync -n '__fish_dwsync_seen_command history stats' -l history -r -d 'File, or postgres:// URL [DWSYNC_HISTORY]'
complete -c dwsync -n '__fish_dwsync_seen_command history stats' -s o -l output -xa 'table csv tsv json ndjson markdown html' -d 'Format: table, csv, tsv, json, ndjson, markdown, html (default: table)'
complete -c dwsync -n '__fish_dwsync_seen_command history stats' -l time -xa 'iso ms local' -d 'How times are written: iso (UTC), local, ms (default: iso)'
complete -c dwsync -n '__fish_dwsync_seen_command history stats' -l columns -xa 'id identity_source_id identity_source_type start_time end_time add_count update_count delete_count failed_count status fail_reason' -d 'Columns, separated by commas'
complete -c dwsync -n '__fish_dwsync_seen_command history stats' -l color -xa 'auto always never' -d 'When to use colour'

complete -c dwsync -n '__fish_dwsync_seen_command history migrate' -s h -l help -d 'Show this help message and exit'
complete -c dwsync -n '__fish_dwsync_seen_command history migrate' -l dry-run -d 'Only say which steps there are'
complete -c dwsync -n '__fish_dwsync_seen_command history migrate' -l config -r -d 'Configuration file [DWSYNC_CONFIG]'
complete -c dwsync -n '__fish_dwsync_seen_command history migrate' -l profile -r -d 'Profile of that file [DWSYNC_PROFILE]'
complete -c dwsync -n '__fish_dwsync_seen_command history migrate' -l history -r -d 'File, or postgres:// URL [DWSYNC_HISTORY]'

complete -c dwsync -n '__fish_dwsync_seen_command history prune' -s h -l help -d 'Show this help message and exit'
complete -c dwsync -n '__fish_dwsync_seen_command history prune' -l older-than -r -d 'How long ago they began, at least 126d'
complete -c dwsync -n '__fish_dwsync_seen_command history prune' -l accounts -d 'Instead of records: accounts that went'
complete -c dwsync -n '__fish_dwsync_seen_command history prune' -l dry-run -d 'Only say how many there are'
complete -c dwsync -n '__fish_dwsync_seen_command history prune' -l config -r -d 'Configuration file [DWSYNC_CONFIG]'
complete -c dwsync -n '__fish_dwsync_seen_command history prune' -l profile -r -d 'Profile of that file [DWSYNC_PROFILE]'
complete -c dwsync -n '__fish_dwsync_seen_command history prune' -l history -r -d 'File, or postgres:// URL [DWSYNC_HISTORY]'

complete -c dwsync -n '__fish_dwsync_seen_command accounts' -s h -l help -d 'Show this help message and exit'
complete -c dwsync -n '__fish_dwsync_seen_command accounts' -l exclude -xa '(dwsync completion clusters 2>/dev/null)' -d 'Not these: names, ids or patterns, separated by commas'
complete -c dwsync -n '__fish_dwsync_seen_command accounts' -l gone -d 'Those who went'
complete -c dwsync -n '__fish_dwsync_seen_command accounts' -l new -d 'Those who came since the first look'
complete -c dwsync -n '__fish_dwsync_seen_command accounts' -l at -r -d 'Those who were there: a local date or time, 7d'
complete -c dwsync -n '__fish_dwsync_seen_command accounts' -l run -r -d 'Who came and went with this run'
complete -c dwsync -n '__fish_dwsync_seen_command accounts' -l since -r -d 'With --gone, --new: missed or first seen at or after'
complete -c dwsync -n '__fish_dwsync_seen_command accounts' -l until -r -d 'With --gone, --new: before'
complete -c dwsync -n '__fish_dwsync_seen_command accounts' -l config -r -d 'Configuration file [DWSYNC_CONFIG]'
complete -c dwsync -n '__fish_dwsync_seen_command accounts' -l profile -r -d 'Profile of that file [DWSYNC_PROFILE]'
complete -c dwsync -n '__fish_dwsync_seen_command accounts' -l history -r -d 'File, or postgres:// URL [DWSYNC_HISTORY]'
complete -c dwsync -n '__fish_dwsync_seen_command accounts' -s o -l output -xa 'table csv tsv json ndjson markdown html' -d 'Format: table, csv, tsv, json, ndjson, markdown, html (default: table)'
complete -c dwsync -n '__fish_dwsync_seen_command accounts' -l time -xa 'iso ms local' -d 'How times are written: iso (UTC), local, ms (default: iso)'
complete -c dwsync -n '__fish_dwsync_seen_command accounts' -l columns -xa 'id identity_source_id identity_source_type start_time end_time add_count update_count delete_count failed_count status fail_reason' -d 'Columns, separated by commas'
complete -c dwsync -n '__fish_dwsync_seen_command accounts' -l color -xa 'auto always never' -d 'When to use colour'

complete -c dwsync -n '__fish_dwsync_seen_command collect' -s h -l help -d 'Show this help message and exit'
complete -c dwsync -n '__fish_dwsync_seen_command collect' -l fleet -r -d 'File with the inventory [DWSYNC_FLEET]'
complete -c dwsync -n '__fish_dwsync_seen_command collect' -l history -r -d 'File, or postgres:// URL [DWSYNC_HISTORY]'
complete -c dwsync -n '__fish_dwsync_seen_command collect' -l config -r -d 'Configuration file [DWSYNC_CONFIG]'
complete -c dwsync -n '__fish_dwsync_seen_command collect' -l profile -r -d 'Profile of that file [DWSYNC_PROFILE]'
complete -c dwsync -n '__fish_dwsync_seen_command collect' -l name -r -d 'Name of this collector, of its own (default: host and process)'
complete -c dwsync -n '__fish_dwsync_seen_command collect' -l concurrency -r -d 'Clusters that are asked at once (default 32)'
complete -c dwsync -n '__fish_dwsync_seen_command collect' -l for -r -d 'End after so long'
complete -c dwsync -n '__fish_dwsync_seen_command collect' -l metrics -r -d 'Port of 127.0.0.1, or a loopback address with one, for Prometheus'
complete -c dwsync -n '__fish_dwsync_seen_command collect' -l metrics-file -r -d 'File to write them to, for node_exporter'

complete -c dwsync -n '__fish_dwsync_using_command fleet' -xa 'status' -d 'Who collects, what is late, how the accounts do'
complete -c dwsync -n '__fish_dwsync_using_command fleet' -xa 'explain'
complete -c dwsync -n '__fish_dwsync_using_command fleet' -xa 'drain'
complete -c dwsync -n '__fish_dwsync_seen_command fleet' -s h -l help -d 'Show this help message and exit'

complete -c dwsync -n '__fish_dwsync_seen_command fleet status' -s h -l help -d 'Show this help message and exit'
complete -c dwsync -n '__fish_dwsync_seen_command fleet status' -l fleet -r -d 'File with the inventory [DWSYNC_FLEET]'
complete -c dwsync -n '__fish_dwsync_seen_command fleet status' -l history -r -d 'File, or postgres:// URL [DWSYNC_HISTORY]'
complete -c dwsync -n '__fish_dwsync_seen_command fleet status' -l config -r -d 'Configuration file [DWSYNC_CONFIG]'
complete -c dwsync -n '__fish_dwsync_seen_command fleet status' -l profile -r -d 'Profile of that file [DWSYNC_PROFILE]'
complete -c dwsync -n '__fish_dwsync_seen_command fleet status' -s o -l output -xa 'table json' -d 'Format: table, json (default: table)'

complete -c dwsync -n '__fish_dwsync_seen_command fleet explain' -s h -l help -d 'Show this help message and exit'
complete -c dwsync -n '__fish_dwsync_seen_command fleet explain' -l fleet -r -d 'File with the inventory [DWSYNC_FLEET]'
complete -c dwsync -n '__fish_dwsync_seen_command fleet explain' -l history -r -d 'File, or postgres:// URL [DWSYNC_HISTORY]'
complete -c dwsync -n '__fish_dwsync_seen_command fleet explain' -l config -r -d 'Configuration file [DWSYNC_CONFIG]'
complete -c dwsync -n '__fish_dwsync_seen_command fleet explain' -l profile -r -d 'Profile of that file [DWSYNC_PROFILE]'

complete -c dwsync -n '__fish_dwsync_seen_command fleet drain' -s h -l help -d 'Show this help message and exit'
complete -c dwsync -n '__fish_dwsync_seen_command fleet drain' -l undo -d 'Take it back'
complete -c dwsync -n '__fish_dwsync_seen_command fleet drain' -l fleet -r -d 'File with the inventory [DWSYNC_FLEET]'
complete -c dwsync -n '__fish_dwsync_seen_command fleet drain' -l history -r -d 'File, or postgres:// URL [DWSYNC_HISTORY]'
complete -c dwsync -n '__fish_dwsync_seen_command fleet drain' -l config -r -d 'Configuration file [DWSYNC_CONFIG]'
complete -c dwsync -n '__fish_dwsync_seen_command fleet drain' -l profile -r -d 'Profile of that file [DWSYNC_PROFILE]'

complete -c dwsync -n '__fish_dwsync_seen_command replay' -s h -l help -d 'Show this help message and exit'
complete -c dwsync -n '__fish_dwsync_seen_command replay' -l exclude -xa '(dwsync completion clusters 2>/dev/null)' -d 'Not these: names, ids or patterns, separated by commas'
complete -c dwsync -n '__fish_dwsync_seen_command replay' -l all-clusters -d 'Of every cluster of the project, or of the configuration file\'s all_clusters'
complete -c dwsync -n '__fish_dwsync_seen_command replay' -l input -r -d 'Records in a file, or - for stdin: NDJSON or JSON'
complete -c dwsync -n '__fish_dwsync_seen_command replay' -l page-size -r -d 'Records a request (default 1000)'
complete -c dwsync -n '__fish_dwsync_seen_command replay' -l limit -r
complete -c dwsync -n '__fish_dwsync_seen_command replay' -l paging -xa 'auto page row' -d 'How offset counts (default auto)'
complete -c dwsync -n '__fish_dwsync_seen_command replay' -l source -r -d 'Only these sources: ids or types'
complete -c dwsync -n '__fish_dwsync_seen_command replay' -l set -xa 'churn=off data=off failing=off mass_delete=off never=off overlap=off partial=off slow=off stale=off stuck=off volume=off disabled=off disabled=ok disabled=unknown disabled=warning disabled=critical' -d 'Threshold: stale.warning=6h, churn=off, disabled=warning; repeatable'
complete -c dwsync -n '__fish_dwsync_seen_command replay' -l history -r -d 'File, or postgres:// URL [DWSYNC_HISTORY]'
complete -c dwsync -n '__fish_dwsync_seen_command replay' -l config -r -d 'Configuration file [DWSYNC_CONFIG]'
complete -c dwsync -n '__fish_dwsync_seen_command replay' -l profile -r -d 'Profile of that file [DWSYNC_PROFILE]'
complete -c dwsync -n '__fish_dwsync_seen_command replay' -l region -xa 'ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1' -d 'Region, for example cn-north-4 [DWSYNC_REGION]'
complete -c dwsync -n '__fish_dwsync_seen_command replay' -l endpoint -r -d 'DWS endpoint instead of the region\'s'
complete -c dwsync -n '__fish_dwsync_seen_command replay' -l iam-endpoint -r -d 'IAM endpoint instead of the region\'s'
complete -c dwsync -n '__fish_dwsync_seen_command replay' -l project-id -r -d 'Project; looked up at IAM when not given'
complete -c dwsync -n '__fish_dwsync_seen_command replay' -l proxy -r -d 'Proxy URL, or none; default: the environment\'s'
complete -c dwsync -n '__fish_dwsync_seen_command replay' -l ca-file -r -d 'PEM file of the CA to trust [DWSYNC_CA_FILE]'
complete -c dwsync -n '__fish_dwsync_seen_command replay' -l timeout -r -d 'Seconds for the whole answer (default 60)'
complete -c dwsync -n '__fish_dwsync_seen_command replay' -l retries -r -d 'How often to try again (default 3)'
complete -c dwsync -n '__fish_dwsync_seen_command replay' -l debug -d 'Show each request on stderr'
complete -c dwsync -n '__fish_dwsync_seen_command replay' -l from-history -d 'Use the records saved by dwsync history pull'
complete -c dwsync -n '__fish_dwsync_seen_command replay' -l since -r -d 'Leave out alerts that ended before: 24h, 7d, ISO 8601'
complete -c dwsync -n '__fish_dwsync_seen_command replay' -s o -l output -xa 'table csv tsv json ndjson markdown html' -d 'Format: table, csv, tsv, json, ndjson, markdown, html (default: table)'
complete -c dwsync -n '__fish_dwsync_seen_command replay' -l time -xa 'iso ms local' -d 'How times are written: iso (UTC), local, ms (default: iso)'
complete -c dwsync -n '__fish_dwsync_seen_command replay' -l columns -xa 'id identity_source_id identity_source_type start_time end_time add_count update_count delete_count failed_count status fail_reason' -d 'Columns, separated by commas'
complete -c dwsync -n '__fish_dwsync_seen_command replay' -l color -xa 'auto always never' -d 'When to use colour'

complete -c dwsync -n '__fish_dwsync_seen_command run' -s h -l help -d 'Show this help message and exit'
complete -c dwsync -n '__fish_dwsync_seen_command run' -l dry-run -d 'Ask the script, by dry_run, to change nothing'
complete -c dwsync -n '__fish_dwsync_seen_command run' -l history -r -d 'File, or postgres:// URL [DWSYNC_HISTORY]'
complete -c dwsync -n '__fish_dwsync_seen_command run' -l config -r -d 'Configuration file [DWSYNC_CONFIG]'
complete -c dwsync -n '__fish_dwsync_seen_command run' -l profile -r -d 'Profile of that file [DWSYNC_PROFILE]'
complete -c dwsync -n '__fish_dwsync_seen_command run' -l region -xa 'ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1' -d 'Region, for example cn-north-4 [DWSYNC_REGION]'
complete -c dwsync -n '__fish_dwsync_seen_command run' -l endpoint -r -d 'DWS endpoint instead of the region\'s'
complete -c dwsync -n '__fish_dwsync_seen_command run' -l iam-endpoint -r -d 'IAM endpoint instead of the region\'s'
complete -c dwsync -n '__fish_dwsync_seen_command run' -l project-id -r -d 'Project; looked up at IAM when not given'
complete -c dwsync -n '__fish_dwsync_seen_command run' -l proxy -r -d 'Proxy URL, or none; default: the environment\'s'
complete -c dwsync -n '__fish_dwsync_seen_command run' -l ca-file -r -d 'PEM file of the CA to trust [DWSYNC_CA_FILE]'
complete -c dwsync -n '__fish_dwsync_seen_command run' -l timeout -r -d 'Seconds for the whole answer (default 60)'
complete -c dwsync -n '__fish_dwsync_seen_command run' -l retries -r -d 'How often to try again (default 3)'
complete -c dwsync -n '__fish_dwsync_seen_command run' -l debug -d 'Show each request on stderr'

complete -c dwsync -n '__fish_dwsync_seen_command clusters' -s h -l help -d 'Show this help message and exit'
complete -c dwsync -n '__fish_dwsync_seen_command clusters' -l enterprise-project-id -r -d 'Only this enterprise project, or all_granted_eps'
complete -c dwsync -n '__fish_dwsync_seen_command clusters' -l config -r -d 'Configuration file [DWSYNC_CONFIG]'
complete -c dwsync -n '__fish_dwsync_seen_command clusters' -l profile -r -d 'Profile of that file [DWSYNC_PROFILE]'
complete -c dwsync -n '__fish_dwsync_seen_command clusters' -l region -xa 'ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1' -d 'Region, for example cn-north-4 [DWSYNC_REGION]'
complete -c dwsync -n '__fish_dwsync_seen_command clusters' -l endpoint -r -d 'DWS endpoint instead of the region\'s'
complete -c dwsync -n '__fish_dwsync_seen_command clusters' -l iam-endpoint -r -d 'IAM endpoint instead of the region\'s'
complete -c dwsync -n '__fish_dwsync_seen_command clusters' -l project-id -r -d 'Project; looked up at IAM when not given'
complete -c dwsync -n '__fish_dwsync_seen_command clusters' -l proxy -r -d 'Proxy URL, or none; default: the environment\'s'
complete -c dwsync -n '__fish_dwsync_seen_command clusters' -l ca-file -r -d 'PEM file of the CA to trust [DWSYNC_CA_FILE]'
complete -c dwsync -n '__fish_dwsync_seen_command clusters' -l timeout -r -d 'Seconds for the whole answer (default 60)'
complete -c dwsync -n '__fish_dwsync_seen_command clusters' -l retries -r -d 'How often to try again (default 3)'
complete -c dwsync -n '__fish_dwsync_seen_command clusters' -l debug -d 'Show each request on stderr'
complete -c dwsync -n '__fish_dwsync_seen_command clusters' -s o -l output -xa 'table csv tsv json ndjson markdown html' -d 'Format: table, csv, tsv, json, ndjson, markdown, html (default: table)'
complete -c dwsync -n '__fish_dwsync_seen_command clusters' -l time -xa 'iso ms local' -d 'How times are written: iso (UTC), local, ms (default: iso)'
complete -c dwsync -n '__fish_dwsync_seen_command clusters' -l columns -xa 'id identity_source_id identity_source_type start_time end_time add_count update_count delete_count failed_count status fail_reason' -d 'Columns, separated by commas'
complete -c dwsync -n '__fish_dwsync_seen_command clusters' -l color -xa 'auto always never' -d 'When to use colour'

complete -c dwsync -n '__fish_dwsync_seen_command doctor' -s h -l help -d 'Show this help message and exit'
complete -c dwsync -n '__fish_dwsync_seen_command doctor' -l exclude -xa '(dwsync completion clusters 2>/dev/null)' -d 'Not these: names, ids or patterns, separated by commas'
complete -c dwsync -n '__fish_dwsync_seen_command doctor' -l all-clusters -d 'Ask about every cluster, or those of the configuration file\'s all_clusters'
complete -c dwsync -n '__fish_dwsync_seen_command doctor' -l config -r -d 'Configuration file [DWSYNC_CONFIG]'
complete -c dwsync -n '__fish_dwsync_seen_command doctor' -l profile -r -d 'Profile of that file [DWSYNC_PROFILE]'
complete -c dwsync -n '__fish_dwsync_seen_command doctor' -l region -xa 'ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1' -d 'Region, for example cn-north-4 [DWSYNC_REGION]'
complete -c dwsync -n '__fish_dwsync_seen_command doctor' -l endpoint -r -d 'DWS endpoint instead of the region\'s'
complete -c dwsync -n '__fish_dwsync_seen_command doctor' -l iam-endpoint -r -d 'IAM endpoint instead of the region\'s'
complete -c dwsync -n '__fish_dwsync_seen_command doctor' -l project-id -r -d 'Project; looked up at IAM when not given'
complete -c dwsync -n '__fish_dwsync_seen_command doctor' -l proxy -r -d 'Proxy URL, or none; default: the environment\'s'
complete -c dwsync -n '__fish_dwsync_seen_command doctor' -l ca-file -r -d 'PEM file of the CA to trust [DWSYNC_CA_FILE]'
complete -c dwsync -n '__fish_dwsync_seen_command doctor' -l timeout -r -d 'Seconds for the whole answer (default 60)'
complete -c dwsync -n '__fish_dwsync_seen_command doctor' -l retries -r -d 'How often to try again (default 3)'
complete -c dwsync -n '__fish_dwsync_seen_command doctor' -l debug -d 'Show each request on stderr'
complete -c dwsync -n '__fish_dwsync_seen_command doctor' -l fleet -r -d 'File with the inventory [DWSYNC_FLEET]'
complete -c dwsync -n '__fish_dwsync_seen_command doctor' -s o -l output -xa 'table json' -d 'Format: table, json (default: table)'
complete -c dwsync -n '__fish_dwsync_seen_command doctor' -l color -xa 'auto always never' -d 'When to use colour'

complete -c dwsync -n '__fish_dwsync_seen_command emulator' -s h -l help -d 'Show this help message and exit'
complete -c dwsync -n '__fish_dwsync_seen_command emulator' -l port -r -d 'Port of the service (TLS); 0 takes a free one'
complete -c dwsync -n '__fish_dwsync_seen_command emulator' -l http-port -r -d 'Port of the metadata service and pod identity; 0 takes a free one'
complete -c dwsync -n '__fish_dwsync_seen_command emulator' -l seed -r -d 'Seed of the data set; the same seed gives the same data'
complete -c dwsync -n '__fish_dwsync_seen_command emulator' -l records -r -d 'Records of the large cluster'
complete -c dwsync -n '__fish_dwsync_seen_command emulator' -l clusters -r -d 'Healthy clusters besides the nine stories, in each region'
complete -c dwsync -n '__fish_dwsync_seen_command emulator' -l regions -r -d 'Regions of each account, instead of emu-north-1'
complete -c dwsync -n '__fish_dwsync_seen_command emulator' -l accounts -r -d 'Accounts, each with keys, projects and clusters of its own; 1 unless given'
complete -c dwsync -n '__fish_dwsync_seen_command emulator' -l rate -r -d 'Requests a second that an account may send; all others get 429'
complete -c dwsync -n '__fish_dwsync_seen_command emulator' -l new-runs -r -d 'Every N seconds one healthy cluster of a hundred has a new run'
complete -c dwsync -n '__fish_dwsync_seen_command emulator' -l ak -r -d 'Access key to accept, instead of a random one'
complete -c dwsync -n '__fish_dwsync_seen_command emulator' -l sk -r -d 'Secret key that goes with it'
complete -c dwsync -n '__fish_dwsync_seen_command emulator' -l nginx -r -d 'nginx to use, instead of the one in PATH'
complete -c dwsync -n '__fish_dwsync_seen_command emulator' -l export -d 'Print shell exports that point at the emulator, in place of the JSON'

complete -c dwsync -n '__fish_dwsync_seen_command alert-rules' -s h -l help -d 'Show this help message and exit'
complete -c dwsync -n '__fish_dwsync_seen_command alert-rules' -l job -r -d 'Job under which dwsync is scraped (default dwsync)'
complete -c dwsync -n '__fish_dwsync_seen_command alert-rules' -l data-age -r -d 'Age from which verdicts are old (default 15m)'
complete -c dwsync -n '__fish_dwsync_seen_command alert-rules' -l patience -r -d 'Factor for how long alerts wait before they fire (default 1)'
complete -c dwsync -n '__fish_dwsync_seen_command alert-rules' -l fleet -d 'Those about dwsync collect, in place of those about clusters'
complete -c dwsync -n '__fish_dwsync_seen_command alert-rules' -l set -xa 'churn=off data=off failing=off mass_delete=off never=off overlap=off partial=off slow=off stale=off stuck=off volume=off disabled=off disabled=ok disabled=unknown disabled=warning disabled=critical' -d 'Threshold: stale.warning=6h, churn=off, disabled=warning; repeatable'
complete -c dwsync -n '__fish_dwsync_seen_command alert-rules' -l config -r -d 'Configuration file [DWSYNC_CONFIG]'
complete -c dwsync -n '__fish_dwsync_seen_command alert-rules' -l profile -r -d 'Profile of that file [DWSYNC_PROFILE]'

complete -c dwsync -n '__fish_dwsync_seen_command completion' -s h -l help -d 'Show this help message and exit'

complete -c dwsync -n '__fish_dwsync_seen_command version' -s h -l help -d 'Show this help message and exit'

complete -c dwsync -n '__fish_seen_subcommand_from records' -xa '(dwsync completion clusters 2>/dev/null)'
complete -c dwsync -n '__fish_seen_subcommand_from health' -xa '(dwsync completion clusters 2>/dev/null)'
complete -c dwsync -n '__fish_seen_subcommand_from check' -xa '(dwsync completion clusters 2>/dev/null)'
complete -c dwsync -n '__fish_seen_subcommand_from report' -xa '(dwsync completion clusters 2>/dev/null)'
complete -c dwsync -n '__fish_seen_subcommand_from watch' -xa '(dwsync completion clusters 2>/dev/null)'
complete -c dwsync -n '__fish_seen_subcommand_from notify' -xa '(dwsync completion clusters 2>/dev/null)'
complete -c dwsync -n '__fish_seen_subcommand_from wait' -xa '(dwsync completion clusters 2>/dev/null)'
complete -c dwsync -n '__fish_seen_subcommand_from history' -xa '(dwsync completion clusters 2>/dev/null)'
complete -c dwsync -n '__fish_seen_subcommand_from history' -xa '(dwsync completion clusters 2>/dev/null)'
complete -c dwsync -n '__fish_seen_subcommand_from accounts' -xa '(dwsync completion clusters 2>/dev/null)'
complete -c dwsync -n '__fish_seen_subcommand_from fleet' -xa '(dwsync completion clusters 2>/dev/null)'
complete -c dwsync -n '__fish_seen_subcommand_from replay' -xa '(dwsync completion clusters 2>/dev/null)'
complete -c dwsync -n '__fish_seen_subcommand_from doctor' -xa '(dwsync completion clusters 2>/dev/null)'
