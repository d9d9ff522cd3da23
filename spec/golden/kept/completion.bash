_dwsync() {
    local IFS=$' \t\n'
    local args cur prev cmd opts arg
    args=("${COMP_WORDS[@]}")
    cur="${COMP_WORDS[COMP_CWORD]}"
    prev="${COMP_WORDS[COMP_CWORD-1]}"
    opts="-h --help"

    args=("${args[@]:1}")
    for arg in "${args[@]}"; do
        case "$arg" in
            records)
                cmd="records"
                opts="$opts -h --help --exclude --all-clusters --input --page-size --limit --paging --offset --status --since --until --source --config --profile --region --endpoint --iam-endpoint --project-id --proxy --ca-file --timeout --retries --debug -o --output --time --columns --color"
                break
                ;;
            health)
                cmd="health"
                opts="$opts -h --help --exclude --all-clusters --input --page-size --limit --paging --source --set --history --config --profile --region --endpoint --iam-endpoint --project-id --proxy --ca-file --timeout --retries --debug --explain -o --output --color"
                break
                ;;
            check)
                cmd="check"
                opts="$opts -h --help --exclude --all-clusters --input --page-size --limit --paging --source --set --history --config --profile --region --endpoint --iam-endpoint --project-id --proxy --ca-file --timeout --retries --debug --long"
                break
                ;;
            report)
                cmd="report"
                opts="$opts -h --help --exclude --all-clusters --input --page-size --limit --paging --source --set --history --config --profile --region --endpoint --iam-endpoint --project-id --proxy --ca-file --timeout --retries --debug -o --output --file"
                break
                ;;
            watch)
                cmd="watch"
                opts="$opts -h --help --exclude --all-clusters --page-size --limit --paging --source --set --history --config --profile --region --endpoint --iam-endpoint --project-id --proxy --ca-file --timeout --retries --debug --interval --on-change --pass-environment --color"
                break
                ;;
            notify)
                cmd="notify"
                opts="$opts -h --help --exclude --all-clusters --page-size --limit --paging --source --set --history --config --profile --region --endpoint --iam-endpoint --project-id --proxy --ca-file --timeout --retries --debug --slack-url-file --teams-url-file --webhook-url-file --min-severity --dry-run"
                break
                ;;
            alerts)
                cmd="alerts"
                opts="$opts -h --help"
                args=("${args[@]:1}")
                for arg in "${args[@]}"; do
                    case "$arg" in
                        list)
                            cmd="$cmd list"
                            opts="$opts -h --help --all --fleet --history --config --profile -o --output"
                            break
                            ;;
                        ack)
                            cmd="$cmd ack"
                            opts="$opts -h --help --rule --source --all --by --note --fleet --history --config --profile"
                            break
                            ;;
                        silence)
                            cmd="$cmd silence"
                            opts="$opts -h --help --rule --source --all --for --until --by --fleet --history --config --profile"
                            break
                            ;;
                        unsilence)
                            cmd="$cmd unsilence"
                            opts="$opts -h --help --rule --source --all --fleet --history --config --profile"
                            break
                            ;;
                        test)
                            cmd="$cmd test"
                            opts="$opts -h --help --slack-url-file --teams-url-file --webhook-url-file --fleet --history --config --profile"
                            break
                            ;;
                    esac
                done
                break
                ;;
            wait)
                cmd="wait"
                opts="$opts -h --help --timeout --exclude --all-clusters --input --page-size --limit --paging --source --set --history --config --profile --region --endpoint --iam-endpoint --project-id --proxy --ca-file --retries --debug --fresh --accept --interval"
                break
                ;;
            history)
                cmd="history"
                opts="$opts -h --help"
                args=("${args[@]:1}")
                for arg in "${args[@]}"; do
                    case "$arg" in
                        pull)
                            cmd="$cmd pull"
                            opts="$opts -h --help --exclude --all-clusters --input --page-size --limit --paging --source --accounts --accept-short --config --profile --region --endpoint --iam-endpoint --project-id --proxy --ca-file --timeout --retries --debug --history -o --output --time --columns --color"
                            break
                            ;;
                        list)
                            cmd="$cmd list"
                            opts="$opts -h --help --exclude --all-clusters --limit --status --since --until --source --config --profile --history -o --output --time --columns --color"
                            break
                            ;;
                        stats)
                            cmd="$cmd stats"
                            opts="$opts -h --help --config --profile --history -o --output --time --columns --color"
                            break
                            ;;
                        migrate)
                            cmd="$cmd migrate"
                            opts="$opts -h --help --dry-run --config --profile --history"
                            break
                            ;;
                        prune)
                            cmd="$cmd prune"
                            opts="$opts -h --help --older-than --accounts --dry-run --config --profile --history"
                            break
                            ;;
                    esac
                done
                break
                ;;
            accounts)
                cmd="accounts"
                opts="$opts -h --help --exclude --gone --new --at --run --since --until --config --profile --history -o --output --time --columns --color"
                break
                ;;
            collect)
                cmd="collect"
                opts="$opts -h --help --fleet --history --config --profile --name --concurrency --for --metrics --metrics-file"
                break
                ;;
            fleet)
                cmd="fleet"
                opts="$opts -h --help"
                args=("${args[@]:1}")
                for arg in "${args[@]}"; do
                    case "$arg" in
                        status)
                            cmd="$cmd status"
                            opts="$opts -h --help --fleet --history --config --profile -o --output"
                            break
                            ;;
                        explain)
                            cmd="$cmd explain"
                            opts="$opts -h --help --fleet --history --config --profile"
                            break
                            ;;
                        drain)
                            cmd="$cmd drain"
                            opts="$opts -h --help --undo --fleet --history --config --profile"
                            break
                            ;;
                    esac
                done
                break
                ;;
            replay)
                cmd="replay"
                opts="$opts -h --help --exclude --all-clusters --input --page-size --limit --paging --source --set --history --config --profile --region --endpoint --iam-endpoint --project-id --proxy --ca-file --timeout --retries --debug --from-history --since -o --output --time --columns --color"
                break
                ;;
            run)
                cmd="run"
                opts="$opts -h --help --dry-run --history --config --profile --region --endpoint --iam-endpoint --project-id --proxy --ca-file --timeout --retries --debug"
                break
                ;;
            clusters)
                cmd="clusters"
                opts="$opts -h --help --enterprise-project-id --config --profile --region --endpoint --iam-endpoint --project-id --proxy --ca-file --timeout --retries --debug -o --output --time --columns --color"
                break
                ;;
            doctor)
                cmd="doctor"
                opts="$opts -h --help --exclude --all-clusters --config --profile --region --endpoint --iam-endpoint --project-id --proxy --ca-file --timeout --retries --debug --fleet -o --output --color"
                break
                ;;
            emulator)
                cmd="emulator"
                opts="$opts -h --help --port --http-port --seed --records --clusters --regions --accounts --rate --new-runs --ak --sk --nginx --export"
                break
                ;;
            alert-rules)
                cmd="alert-rules"
                opts="$opts -h --help --job --data-age --patience --fleet --set --config --profile"
                break
                ;;
            completion)
                cmd="completion"
                opts="$opts -h --help"
                break
                ;;
            version)
                cmd="version"
                opts="$opts -h --help"
                break
                ;;
        esac
    done

    case "$cmd" in
        '')
            COMPREPLY=($(compgen -W "records health check report watch notify alerts wait history accounts collect fleet replay run clusters doctor emulator alert-rules completion version" -- "$cur"))
            ;;
        'records')
            case "$prev" in
                --exclude)
                    COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" completion clusters 2>/dev/null)" -- "$cur"))
                    return 0
                    ;;
                --input)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --page-size)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --limit)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --paging)
                    COMPREPLY=($(compgen -W "auto page row" -- "$cur"))
                    return 0
                    ;;
                --offset)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --status)
                    COMPREPLY=($(compgen -W "FINISHED FAILED RUNNING" -- "$cur"))
                    return 0
                    ;;
                --since)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --until)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --source)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --profile)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --region)
                    COMPREPLY=($(compgen -W "ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1" -- "$cur"))
                    return 0
                    ;;
                --endpoint)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --iam-endpoint)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --project-id)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --proxy)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --ca-file)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --timeout)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --retries)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                -o|--output)
                    COMPREPLY=($(compgen -W "table csv tsv json ndjson markdown html" -- "$cur"))
                    return 0
                    ;;
                --time)
                    COMPREPLY=($(compgen -W "iso ms local" -- "$cur"))
                    return 0
                    ;;
                --columns)
                    COMPREPLY=($(compgen -W "id identity_source_id identity_source_type start_time end_time add_count update_count delete_count failed_count status fail_reason" -- "$cur"))
                    return 0
                    ;;
                --color)
                    COMPREPLY=($(compgen -W "auto always never" -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'health')
            case "$prev" in
                --exclude)
                    COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" completion clusters 2>/dev/null)" -- "$cur"))
                    return 0
                    ;;
                --input)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --page-size)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --limit)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --paging)
                    COMPREPLY=($(compgen -W "auto page row" -- "$cur"))
                    return 0
                    ;;
                --source)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --set)
                    COMPREPLY=($(compgen -W "churn=off data=off failing=off mass_delete=off never=off overlap=off partial=off slow=off stale=off stuck=off volume=off disabled=off disabled=ok disabled=unknown disabled=warning disabled=critical" -- "$cur"))
                    return 0
                    ;;
                --history)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --profile)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --region)
                    COMPREPLY=($(compgen -W "ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1" -- "$cur"))
                    return 0
                    ;;
                --endpoint)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --iam-endpoint)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --project-id)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --proxy)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --ca-file)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --timeout)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --retries)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --explain)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                -o|--output)
                    COMPREPLY=($(compgen -W "table csv tsv json ndjson markdown html status prometheus nagios" -- "$cur"))
                    return 0
                    ;;
                --color)
                    COMPREPLY=($(compgen -W "auto always never" -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'check')
            case "$prev" in
                --exclude)
                    COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" completion clusters 2>/dev/null)" -- "$cur"))
                    return 0
                    ;;
                --input)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --page-size)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --limit)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --paging)
                    COMPREPLY=($(compgen -W "auto page row" -- "$cur"))
                    return 0
                    ;;
                --source)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --set)
                    COMPREPLY=($(compgen -W "churn=off data=off failing=off mass_delete=off never=off overlap=off partial=off slow=off stale=off stuck=off volume=off disabled=off disabled=ok disabled=unknown disabled=warning disabled=critical" -- "$cur"))
                    return 0
                    ;;
                --history)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --profile)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --region)
                    COMPREPLY=($(compgen -W "ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1" -- "$cur"))
                    return 0
                    ;;
                --endpoint)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --iam-endpoint)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --project-id)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --proxy)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --ca-file)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --timeout)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --retries)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'report')
            case "$prev" in
                --exclude)
                    COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" completion clusters 2>/dev/null)" -- "$cur"))
                    return 0
                    ;;
                --input)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --page-size)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --limit)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --paging)
                    COMPREPLY=($(compgen -W "auto page row" -- "$cur"))
                    return 0
                    ;;
                --source)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --set)
                    COMPREPLY=($(compgen -W "churn=off data=off failing=off mass_delete=off never=off overlap=off partial=off slow=off stale=off stuck=off volume=off disabled=off disabled=ok disabled=unknown disabled=warning disabled=critical" -- "$cur"))
                    return 0
                    ;;
                --history)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --profile)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --region)
                    COMPREPLY=($(compgen -W "ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1" -- "$cur"))
                    return 0
                    ;;
                --endpoint)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --iam-endpoint)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --project-id)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --proxy)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --ca-file)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --timeout)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --retries)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                -o|--output)
                    COMPREPLY=($(compgen -W "table csv tsv json ndjson markdown html status prometheus nagios" -- "$cur"))
                    return 0
                    ;;
                --file)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'watch')
            case "$prev" in
                --exclude)
                    COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" completion clusters 2>/dev/null)" -- "$cur"))
                    return 0
                    ;;
                --page-size)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --limit)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --paging)
                    COMPREPLY=($(compgen -W "auto page row" -- "$cur"))
                    return 0
                    ;;
                --source)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --set)
                    COMPREPLY=($(compgen -W "churn=off data=off failing=off mass_delete=off never=off overlap=off partial=off slow=off stale=off stuck=off volume=off disabled=off disabled=ok disabled=unknown disabled=warning disabled=critical" -- "$cur"))
                    return 0
                    ;;
                --history)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --profile)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --region)
                    COMPREPLY=($(compgen -W "ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1" -- "$cur"))
                    return 0
                    ;;
                --endpoint)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --iam-endpoint)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --project-id)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --proxy)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --ca-file)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --timeout)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --retries)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --interval)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --on-change)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --pass-environment)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --color)
                    COMPREPLY=($(compgen -W "auto always never" -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'notify')
            case "$prev" in
                --exclude)
                    COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" completion clusters 2>/dev/null)" -- "$cur"))
                    return 0
                    ;;
                --page-size)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --limit)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --paging)
                    COMPREPLY=($(compgen -W "auto page row" -- "$cur"))
                    return 0
                    ;;
                --source)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --set)
                    COMPREPLY=($(compgen -W "churn=off data=off failing=off mass_delete=off never=off overlap=off partial=off slow=off stale=off stuck=off volume=off disabled=off disabled=ok disabled=unknown disabled=warning disabled=critical" -- "$cur"))
                    return 0
                    ;;
                --history)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --profile)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --region)
                    COMPREPLY=($(compgen -W "ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1" -- "$cur"))
                    return 0
                    ;;
                --endpoint)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --iam-endpoint)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --project-id)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --proxy)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --ca-file)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --timeout)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --retries)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --slack-url-file)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --teams-url-file)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --webhook-url-file)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --min-severity)
                    COMPREPLY=($(compgen -W "unknown warning critical" -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'alerts')
            COMPREPLY=($(compgen -W "list ack silence unsilence test" -- "$cur"))
            ;;
        'alerts list')
            case "$prev" in
                --fleet)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --history)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --profile)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                -o|--output)
                    COMPREPLY=($(compgen -W "table json" -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'alerts ack')
            case "$prev" in
                --rule)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --source)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --by)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --note)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --fleet)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --history)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --profile)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'alerts silence')
            case "$prev" in
                --rule)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --source)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --for)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --until)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --by)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --fleet)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --history)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --profile)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'alerts unsilence')
            case "$prev" in
                --rule)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --source)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --fleet)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --history)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --profile)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'alerts test')
            case "$prev" in
                --slack-url-file)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --teams-url-file)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --webhook-url-file)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --fleet)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --history)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --profile)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'wait')
            case "$prev" in
                --timeout)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --exclude)
                    COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" completion clusters 2>/dev/null)" -- "$cur"))
                    return 0
                    ;;
                --input)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --page-size)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --limit)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --paging)
                    COMPREPLY=($(compgen -W "auto page row" -- "$cur"))
                    return 0
                    ;;
                --source)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --set)
                    COMPREPLY=($(compgen -W "churn=off data=off failing=off mass_delete=off never=off overlap=off partial=off slow=off stale=off stuck=off volume=off disabled=off disabled=ok disabled=unknown disabled=warning disabled=critical" -- "$cur"))
                    return 0
                    ;;
                --history)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --profile)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --region)
                    COMPREPLY=($(compgen -W "ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1" -- "$cur"))
                    return 0
                    ;;
                --endpoint)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --iam-endpoint)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --project-id)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --proxy)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --ca-file)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --retries)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --fresh)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --accept)
                    COMPREPLY=($(compgen -W "ok unknown warning" -- "$cur"))
                    return 0
                    ;;
                --interval)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'history')
            COMPREPLY=($(compgen -W "pull list stats migrate prune" -- "$cur"))
            ;;
        'history pull')
            case "$prev" in
                --exclude)
                    COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" completion clusters 2>/dev/null)" -- "$cur"))
                    return 0
                    ;;
                --input)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --page-size)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --limit)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --paging)
                    COMPREPLY=($(compgen -W "auto page row" -- "$cur"))
                    return 0
                    ;;
                --source)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --profile)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --region)
                    COMPREPLY=($(compgen -W "ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1" -- "$cur"))
                    return 0
                    ;;
                --endpoint)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --iam-endpoint)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --project-id)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --proxy)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --ca-file)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --timeout)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --retries)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --history)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                -o|--output)
                    COMPREPLY=($(compgen -W "table csv tsv json ndjson markdown html" -- "$cur"))
                    return 0
                    ;;
                --time)
                    COMPREPLY=($(compgen -W "iso ms local" -- "$cur"))
                    return 0
                    ;;
                --columns)
                    COMPREPLY=($(compgen -W "id identity_source_id identity_source_type start_time end_time add_count update_count delete_count failed_count status fail_reason" -- "$cur"))
                    return 0
                    ;;
                --color)
                    COMPREPLY=($(compgen -W "auto always never" -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'history list')
            case "$prev" in
                --exclude)
                    COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" completion clusters 2>/dev/null)" -- "$cur"))
                    return 0
                    ;;
                --limit)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --status)
                    COMPREPLY=($(compgen -W "FINISHED FAILED RUNNING" -- "$cur"))
                    return 0
                    ;;
                --since)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --until)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --source)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --profile)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --history)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                -o|--output)
                    COMPREPLY=($(compgen -W "table csv tsv json ndjson markdown html" -- "$cur"))
                    return 0
                    ;;
                --time)
                    COMPREPLY=($(compgen -W "iso ms local" -- "$cur"))
                    return 0
                    ;;
                --columns)
                    COMPREPLY=($(compgen -W "id identity_source_id identity_source_type start_time end_time add_count update_count delete_count failed_count status fail_reason" -- "$cur"))
                    return 0
                    ;;
                --color)
                    COMPREPLY=($(compgen -W "auto always never" -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'history stats')
            case "$prev" in
                --config)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --profile)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --history)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                -o|--output)
                    COMPREPLY=($(compgen -W "table csv tsv json ndjson markdown html" -- "$cur"))
                    return 0
                    ;;
                --time)
                    COMPREPLY=($(compgen -W "iso ms local" -- "$cur"))
                    return 0
                    ;;
                --columns)
                    COMPREPLY=($(compgen -W "id identity_source_id identity_source_type start_time end_time add_count update_count delete_count failed_count status fail_reason" -- "$cur"))
                    return 0
                    ;;
                --color)
                    COMPREPLY=($(compgen -W "auto always never" -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'history migrate')
            case "$prev" in
                --config)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --profile)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --history)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'history prune')
            case "$prev" in
                --older-than)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --profile)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --history)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'accounts')
            case "$prev" in
                --exclude)
                    COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" completion clusters 2>/dev/null)" -- "$cur"))
                    return 0
                    ;;
                --at)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --run)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --since)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --until)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --profile)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --history)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                -o|--output)
                    COMPREPLY=($(compgen -W "table csv tsv json ndjson markdown html" -- "$cur"))
                    return 0
                    ;;
                --time)
                    COMPREPLY=($(compgen -W "iso ms local" -- "$cur"))
                    return 0
                    ;;
                --columns)
                    COMPREPLY=($(compgen -W "id identity_source_id identity_source_type start_time end_time add_count update_count delete_count failed_count status fail_reason" -- "$cur"))
                    return 0
                    ;;
                --color)
                    COMPREPLY=($(compgen -W "auto always never" -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'collect')
            case "$prev" in
                --fleet)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --history)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --profile)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --name)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --concurrency)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --for)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --metrics)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --metrics-file)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'fleet')
            COMPREPLY=($(compgen -W "status explain drain" -- "$cur"))
            ;;
        'fleet status')
            case "$prev" in
                --fleet)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --history)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --profile)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                -o|--output)
                    COMPREPLY=($(compgen -W "table json" -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'fleet explain')
            case "$prev" in
                --fleet)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --history)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --profile)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'fleet drain')
            case "$prev" in
                --fleet)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --history)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --profile)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'replay')
            case "$prev" in
                --exclude)
                    COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" completion clusters 2>/dev/null)" -- "$cur"))
                    return 0
                    ;;
                --input)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --page-size)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --limit)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --paging)
                    COMPREPLY=($(compgen -W "auto page row" -- "$cur"))
                    return 0
                    ;;
                --source)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --set)
                    COMPREPLY=($(compgen -W "churn=off data=off failing=off mass_delete=off never=off overlap=off partial=off slow=off stale=off stuck=off volume=off disabled=off disabled=ok disabled=unknown disabled=warning disabled=critical" -- "$cur"))
                    return 0
                    ;;
                --history)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --profile)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --region)
                    COMPREPLY=($(compgen -W "ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1" -- "$cur"))
                    return 0
                    ;;
                --endpoint)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --iam-endpoint)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --project-id)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --proxy)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --ca-file)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --timeout)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --retries)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --since)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                -o|--output)
                    COMPREPLY=($(compgen -W "table csv tsv json ndjson markdown html" -- "$cur"))
                    return 0
                    ;;
                --time)
                    COMPREPLY=($(compgen -W "iso ms local" -- "$cur"))
                    return 0
                    ;;
                --columns)
                    COMPREPLY=($(compgen -W "id identity_source_id identity_source_type start_time end_time add_count update_count delete_count failed_count status fail_reason" -- "$cur"))
                    return 0
                    ;;
                --color)
                    COMPREPLY=($(compgen -W "auto always never" -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'run')
            case "$prev" in
                --history)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --profile)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --region)
                    COMPREPLY=($(compgen -W "ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1" -- "$cur"))
                    return 0
                    ;;
                --endpoint)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --iam-endpoint)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --project-id)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --proxy)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --ca-file)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --timeout)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --retries)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'clusters')
            case "$prev" in
                --enterprise-project-id)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --profile)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --region)
                    COMPREPLY=($(compgen -W "ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1" -- "$cur"))
                    return 0
                    ;;
                --endpoint)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --iam-endpoint)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --project-id)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --proxy)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --ca-file)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --timeout)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --retries)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                -o|--output)
                    COMPREPLY=($(compgen -W "table csv tsv json ndjson markdown html" -- "$cur"))
                    return 0
                    ;;
                --time)
                    COMPREPLY=($(compgen -W "iso ms local" -- "$cur"))
                    return 0
                    ;;
                --columns)
                    COMPREPLY=($(compgen -W "id identity_source_id identity_source_type start_time end_time add_count update_count delete_count failed_count status fail_reason" -- "$cur"))
                    return 0
                    ;;
                --color)
                    COMPREPLY=($(compgen -W "auto always never" -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'doctor')
            case "$prev" in
                --exclude)
                    COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" completion clusters 2>/dev/null)" -- "$cur"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --profile)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --region)
                    COMPREPLY=($(compgen -W "ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1 cn-south-4 cn-southwest-2 cn-southwest-3 eu-de eu-nl eu-west-101 la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1" -- "$cur"))
                    return 0
                    ;;
                --endpoint)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --iam-endpoint)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --project-id)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --proxy)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --ca-file)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --timeout)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --retries)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --fleet)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                -o|--output)
                    COMPREPLY=($(compgen -W "table json" -- "$cur"))
                    return 0
                    ;;
                --color)
                    COMPREPLY=($(compgen -W "auto always never" -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'emulator')
            case "$prev" in
                --port)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --http-port)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --seed)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --records)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --clusters)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --regions)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --accounts)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --rate)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --new-runs)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --ak)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --sk)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --nginx)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'alert-rules')
            case "$prev" in
                --job)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --data-age)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --patience)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --set)
                    COMPREPLY=($(compgen -W "churn=off data=off failing=off mass_delete=off never=off overlap=off partial=off slow=off stale=off stuck=off volume=off disabled=off disabled=ok disabled=unknown disabled=warning disabled=critical" -- "$cur"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --profile)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
    esac

    if [[ "$cur" = -* ]]; then
        COMPREPLY=($(compgen -W "$opts" -- "$cur"))
    elif [[ "|records|health|check|report|watch|notify|wait|history pull|history list|accounts|fleet explain|replay|doctor|" = *"|$cmd|"* ]]; then
        COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" completion clusters 2>/dev/null)" -- "$cur"))
    fi
}

complete -F _dwsync -o bashdefault -o default dwsync
