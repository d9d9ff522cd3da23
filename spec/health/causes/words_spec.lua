-- Each word that fail reasons are known by, each code and each sign of who speaks, by what is made of it alone: none of
-- them is there in vain.
local causes = require "dwsync.health.causes"

-- { class, speaker, cause, texts }
local KNOWN = {
    { "certificate", "network", "the certificate of the identity source has expired or is not valid yet", {
        "certificate has expired", "certificate expired", "certificate_expired", "certificateexpired", "notafter",
        "certificate is not yet valid", "certificatenotyetvalid", "validity check failed",
        "certificate has expired or is not yet valid", "cert_has_expired", "证书已过期",
        "zertifikat ist abgelaufen", "証明書の有効期限",
    } },
    { "certificate", "network", "the certificate of the identity source is made out for another name", {
        "hostname verification", "no subject alternative", "hostname mismatch", "certificate is valid for",
        "doesn't match certificate", "doesn't match any of the subject alternative", "no name matching",
        "does not match host name", "does not match target host name", "hostname in certificate didn't match",
        "certificate name mismatch", "sslpeerunverified", "cannot validate certificate for",
        "certificate relies on legacy common name", "altnames", "tls: hostname does not match",
    } },
    { "certificate", "network",
        "the certificate of the identity source was issued by an authority that is not trusted", {
        "pkix", "unable to find valid certification path", "unknown authority", "self-signed", "self signed",
        "unable to get local issuer", "unable to get issuer", "unable to verify the first certificate",
        "trust anchor", "trustanchors", "unknown ca", "unknown_ca", "root certificate file", "证书不受信任",
        "nicht vertrauenswürdig",
    } },
    { "certificate", "network", "the certificate of the identity source was not accepted", {
        "certificate", "certpath", "x509", "证书", "zertifikat", "証明書",
    } },
    { "certificate", "network",
        "the certificate of the identity source was revoked, or its revocation could not be checked", {
        "certificate revoked", "certificate has been revoked", "certificate_revoked", "revocation",
    } },
    { "certificate", "network", "the identity provider did not accept the client's certificate, or wants one", {
        "certificate_required",
    } },
    { "certificate", "network", "the identity source did not accept the client's certificate, or wants one", {
        "bad_certificate", "bad certificate", "certificate required", "certificate_unknown", "client certificate",
    } },
    { "connection", "network", "the connection to the directory could not be established", {
        "can't contact ldap server",
    } },
    { "connection", "network", "the connection to the identity source broke", {
        "connection reset", "connection closed", "broken pipe", "econnreset", "socket closed", "connection aborted",
        "forcibly closed", "unexpected eof", "unexpected_eof", "eofexception", "epipe", "socket is closed",
        "server unexpectedly closed", "closed the connection", "remote host terminated",
        "transport endpoint is not connected", "socket hang up", "连接被重置", "连接重置",
        "连接已关闭", "verbindung wurde zurückgesetzt", "verbindung vom gegenüber geschlossen",
        "接続がリセット", "connection was closed",
    } },
    { "connection", "network", "the connection to the identity source could not be established", {
        "communicationexception", "connectexception", "failed to connect", "could not connect", "unable to connect",
        "connection error", "socket open error", "无法连接", "连接失败", "接続できません",
        "nicht erreichbar",
    } },
    { "connection", "network", "the identity source refused the connection", {
        "connection refused", "refused. check that the hostname", "econnrefused", "actively refused",
        "拒绝连接", "连接被拒绝", "verbindungsaufbau abgelehnt", "接続が拒否されました",
        "接続を拒否されました", "connexion refusée",
    } },
    { "connection", "network", "there is no route to the identity source", {
        "no route to host", "network is unreachable", "network unreachable", "host is unreachable", "ehostunreach",
        "enetunreach", "没有到主机的路由", "网络不可达", "keine route zum zielrechner",
    } },
    { "database_account_locked", "warehouse", "the warehouse has locked the synchronisation's user", {
        "postgres account has been locked", "postgres account is locked",
    } },
    { "database_connection", "warehouse", "the connection to the warehouse failed", {
        "postgres connection attempt failed", "postgres i/o error occurred", "postgres an i/o error",
        "postgres pooler", "postgres this connection has been closed", "postgres communications link failure",
        "sqlstate: 08000", "sqlstate: 08001", "sqlstate: 08003", "sqlstate: 08004", "sqlstate: 08006",
    } },
    { "database_connection", "warehouse", "the warehouse closed a session that was idle", {
        "postgres session unused timeout", "postgres idle-in-transaction timeout", "postgres idle session timeout",
    } },
    { "database_connections", "warehouse", "the warehouse has no connection left", {
        "postgres too many clients", "postgres too many connections", "postgres remaining connection slots",
        "postgres connection limit exceeded", "postgres too_many_connections", "postgres 连接数过多",
        "sqlstate: 53300",
    } },
    { "database_deadlock", "warehouse", "the synchronisation and another session waited for each other", {
        "deadlock detected", "postgres could not serialize", "postgres tuple concurrently updated", "deadlock",
        "postgres 死锁", "sqlstate: 40001", "sqlstate: 40p01",
    } },
    { "database_disk_full", "warehouse", "the warehouse has no disk space left", {
        "postgres no space left on device", "postgres disk full", "postgres disk_full", "could not extend file",
        "postgres 磁盘空间不足", "sqlstate: 53100", "error: disk full",
    } },
    { "database_duplicate", "warehouse", "a row with that key exists in the warehouse already", {
        "postgres duplicate key value", "sqlstate: 23505",
    } },
    { "database_hba", "warehouse", "the warehouse accepts no log-in from this address", {
        "pg_hba",
    } },
    { "database_lock", "warehouse", "another session of the warehouse held a lock for too long", {
        "lock timeout", "lock wait timeout", "postgres could not obtain lock", "postgres lock_not_available",
        "sqlstate: 55p03",
    } },
    { "database_login", "warehouse", "the warehouse does not know the synchronisation's user", {
        "fatal: role \"", "fatal:  role \"",
    } },
    { "database_login", "warehouse", "the warehouse refused the synchronisation's user or password", {
        "postgres password authentication failed", "postgres invalid username/password",
        "postgres authentication failed", "postgres login denied", "postgres ldap login failed",
        "postgres passwort-authentifizierung", "postgres 认证失败", "postgres パスワード認証に失敗",
        "postgres l'authentification par mot de passe a échoué", "sqlstate: 28000", "sqlstate: 28p01",
    } },
    { "database_memory", "warehouse", "the warehouse has no memory left", {
        "postgres out of memory", "postgres memory is temporarily unavailable", "postgres memory usage",
        "postgres out_of_memory", "postgres 内存不足", "sqlstate: 53200",
    } },
    { "database_missing", "warehouse", "the database that the synchronisation connects to does not exist", {
        "fatal: database", "fatal:  database", "sqlstate: 3d000",
    } },
    { "database_name", "warehouse", "the warehouse does not accept a name or statement", {
        "postgres identifier too long", "postgres is reserved", "postgres invalid name", "postgres syntax error",
        "postgres value too long", "postgres name_too_long", "sqlstate: 22001", "sqlstate: 42601",
        "sqlstate: 42602", "sqlstate: 42622", "sqlstate: 42939",
    } },
    { "database_name_resolution", "warehouse", "the host name of the warehouse could not be resolved", {
        "postgres connection attempt failed nxdomain", "postgres i/o error occurred nxdomain",
        "postgres an i/o error nxdomain", "postgres pooler nxdomain",
        "postgres this connection has been closed nxdomain", "postgres communications link failure nxdomain",
        "sqlstate: 08000 nxdomain", "sqlstate: 08001 nxdomain", "sqlstate: 08003 nxdomain",
        "sqlstate: 08004 nxdomain", "sqlstate: 08006 nxdomain",
    } },
    { "database_password_expired", "warehouse", "the password of the synchronisation's user has expired", {
        "postgres password has expired", "postgres password expired", "postgres account is expired",
        "postgres the password has been expired",
    } },
    { "database_password_policy", "warehouse", "a password does not meet the warehouse's policy", {
        "postgres password must", "postgres password cannot be reused", "postgres password should",
        "postgres password is too short", "postgres password can't", "postgres password contain",
        "postgres password cannot contain", "postgres 不符合密码",
    } },
    { "database_pool", "warehouse", "the pool of connections to the warehouse was exhausted", {
        "postgres connection is not available, request timed out", "postgres pool exhausted",
        "postgres poolexhausted", "postgres gettimeoutexception", "postgres queuepool limit",
        "postgres timeout waiting for idle object",
    } },
    { "database_privilege", "warehouse", "the warehouse denies the synchronisation's user a privilege", {
        "postgres permission denied", "postgres must be superuser", "postgres must be system admin",
        "postgres must have createrole", "postgres insufficient_privilege", "postgres insufficient privilege",
        "postgres must be owner of", "postgres must have admin option", "postgres keine berechtigung",
        "postgres 权限不够", "postgres 权限不足", "postgres droit refusé",
        "postgres 権限がありません", "sqlstate: 42501", "error: permission denied",
    } },
    { "database_read_only", "warehouse", "the warehouse is read-only", {
        "read-only transaction", "postgres read only transaction", "postgres read-only mode",
        "postgres read only mode", "postgres is read-only", "postgres 只读", "sqlstate: 25006",
    } },
    { "database_role_exists", "warehouse", "the warehouse has a role of that name already", {
        "postgres \" already exists", "postgres role already exists", "postgres user already exists",
        "postgres duplicate_object", "postgres existiert bereits", "postgres 已经存在", "postgres 已存在",
        "postgres existe déjà", "postgres すでに存在します", "sqlstate: 42710",
    } },
    { "database_role_in_use", "warehouse", "a role cannot be dropped: objects or grants depend on it", {
        "postgres cannot be dropped because some objects depend", "postgres other objects depend on it",
        "postgres is being used by", "sqlstate: 2bp01",
    } },
    { "database_role_missing", "warehouse", "the warehouse does not have the role or object that the message names", {
        "postgres does not exist", "postgres duplicate key violates", "postgres existiert nicht",
        "postgres 不存在", "postgres n'existe pas", "postgres 存在しません", "sqlstate: 42704",
    } },
    { "database_statement_timeout", "warehouse",
        "the warehouse cancelled a statement: it took too long, or an administrator stopped it", {
        "statement timeout", "canceling statement", "postgres query_canceled", "postgres cancelling statement",
        "sqlstate: 57014",
    } },
    { "database_unavailable", "warehouse", "the warehouse is starting, stopping or recovering", {
        "postgres the database system is", "postgres administrator command", "postgres admin_shutdown",
        "postgres cannot_connect_now", "postgres is in recovery", "postgres terminating connection",
        "postgres cluster is unavailable", "postgres cluster is not available", "sqlstate: 57p01",
        "sqlstate: 57p02", "sqlstate: 57p03",
    } },
    { "http_bad_request", "identity provider", "the identity provider did not understand the request (HTTP 400)", {
        "http status 400",
    } },
    { "http_bad_request", "identity provider", "the identity provider refused the values of an account (HTTP 422)", {
        "http status 422",
    } },
    { "http_conflict", "identity provider", "an account or group of that name exists already (HTTP 409)", {
        "http status 409",
    } },
    { "http_conflict", "identity provider", "an account was changed by another at the same time (HTTP 412)", {
        "http status 412",
    } },
    { "http_forbidden", "identity provider",
        "the identity provider denies what was asked: no permission (E0000006)", {
        "e0000006",
    } },
    { "http_forbidden", "identity provider",
        "the identity provider denies what was asked: no permission (HTTP 403)", {
        "http status 403", "403 forbidden",
    } },
    { "http_format", "identity provider",
        "the answer is not what the identity provider should send, perhaps a log-in page", {
        "http unexpected token", "http unexpected character ('<'", "http invalid character '<'",
        "http not valid json", "no suitable httpmessageconverter", "http text/html", "http jsondecodeerror",
        "http jsonparseexception",
    } },
    { "http_not_found", "identity provider",
        "the address of the identity provider does not accept such requests (HTTP 405)", {
        "http status 405",
    } },
    { "http_not_found", "identity provider", "the identity provider has nothing at this address (HTTP 404)", {
        "http status 404",
    } },
    { "http_not_found", "identity provider", "the identity provider no longer has what was asked for (HTTP 410)", {
        "http status 410",
    } },
    { "http_proxy", "identity provider", "a proxy on the way refused the connection", {
        "http unable to tunnel through proxy", "http proxy error", "http proxyerror", "http proxy authentication",
    } },
    { "http_proxy", "identity provider", "a proxy on the way wants a log-in (HTTP 407)", {
        "http status 407",
    } },
    { "http_rate_limited", "identity provider", "the identity provider limits the number of requests", {
        "too many requests", "http rate limit", "http throttl",
    } },
    { "http_rate_limited", "identity provider", "the identity provider limits the number of requests (E0000047)", {
        "e0000047",
    } },
    { "http_rate_limited", "identity provider", "the identity provider limits the number of requests (HTTP 429)", {
        "http status 429", "429 too many requests",
    } },
    { "http_redirect", "identity provider", "the identity provider redirects without end", {
        "http too many redirects", "http redirected too many times",
    } },
    { "http_server_error", "identity provider",
        "a gateway got no proper answer from the identity provider (HTTP 502)", {
        "http status 502", "502 bad gateway",
    } },
    { "http_server_error", "identity provider", "a gateway waited too long for the identity provider (HTTP 504)", {
        "http status 504", "504 gateway time",
    } },
    { "http_server_error", "identity provider", "the identity provider does not support what was asked (HTTP 501)", {
        "http status 501",
    } },
    { "http_server_error", "identity provider", "the identity provider failed (HTTP 500)", {
        "http status 500",
    } },
    { "http_server_error", "identity provider", "the identity provider is not available", {
        "service unavailable", "bad gateway", "internal server error", "http status 505", "http status 506",
        "http status 507", "http status 508", "http status 509", "http status 510", "http status 511",
        "http status 512", "http status 513", "http status 514", "http status 515", "http status 516",
        "http status 517", "http status 518", "http status 519", "http status 520", "http status 521",
        "http status 522", "http status 523", "http status 524", "http status 525", "http status 526",
        "http status 527", "http status 528", "http status 529", "http status 530", "http status 531",
        "http status 532", "http status 533", "http status 534", "http status 535", "http status 536",
        "http status 537", "http status 538", "http status 539", "http status 540", "http status 541",
        "http status 542", "http status 543", "http status 544", "http status 545", "http status 546",
        "http status 547", "http status 548", "http status 549", "http status 550", "http status 551",
        "http status 552", "http status 553", "http status 554", "http status 555", "http status 556",
        "http status 557", "http status 558", "http status 559", "http status 560", "http status 561",
        "http status 562", "http status 563", "http status 564", "http status 565", "http status 566",
        "http status 567", "http status 568", "http status 569", "http status 570", "http status 571",
        "http status 572", "http status 573", "http status 574", "http status 575", "http status 576",
        "http status 577", "http status 578", "http status 579", "http status 580", "http status 581",
        "http status 582", "http status 583", "http status 584", "http status 585", "http status 586",
        "http status 587", "http status 588", "http status 589", "http status 590", "http status 591",
        "http status 592", "http status 593", "http status 594", "http status 595", "http status 596",
        "http status 597", "http status 598", "http status 599",
    } },
    { "http_server_error", "identity provider",
        "the identity provider is overloaded or under maintenance (HTTP 503)", {
        "http status 503",
    } },
    { "http_too_large", "identity provider", "a request was too large for the identity provider (HTTP 413)", {
        "http status 413",
    } },
    { "http_unauthorized", "identity provider",
        "the identity provider does not accept the token or password (HTTP 401)", {
        "http status 401", "401 unauthorized",
    } },
    { "kerberos_account", "directory", "the Kerberos account is disabled, expired or locked", {
        "kerberos client_revoked", "kerberos credentials have been revoked", "krbexception: x (18)",
    } },
    { "kerberos_client_unknown", "directory", "the Kerberos server does not know the principal that logs on", {
        "kerberos c_principal_unknown", "client not found in kerberos database", "krbexception: x (6)",
    } },
    { "kerberos_clock_skew", "directory",
        "the clocks of the Kerberos server and the synchronisation differ too much", {
        "kerberos clock skew", "kerberos ap_err_skew", "krbexception: x (37)",
    } },
    { "kerberos_credentials", "directory", "the Kerberos server refused the password or key", {
        "kerberos preauth_failed", "kerberos pre-authentication information was invalid",
        "kerberos preauthentication failed", "kerberos password incorrect", "krbexception: x (24)",
    } },
    { "kerberos_encryption", "directory", "the Kerberos server and the synchronisation share no encryption type", {
        "kerberos etype_nosupp", "kerberos no support for encryption type",
        "kerberos cannot find key of appropriate type", "kerberos encryption type not permitted",
        "krbexception: x (14)",
    } },
    { "kerberos_kdc_unreachable", "directory", "no Kerberos server of the realm could be found or reached", {
        "cannot contact any kdc", "cannot find kdc", "cannot locate kdc", "cannot get kdc",
        "cannot resolve network address for kdc", "unable to locate kdc", "kerberos receive timed out",
        "kerberos no such realm", "kerberos cannot locate default realm", "communicating with kdc",
    } },
    { "kerberos_keytab", "directory", "the key in the keytab is not the account's current one", {
        "kerberos checksum failed", "kerberos integrity check on decrypted field failed", "kerberos modified",
        "kerberos badkeyver", "kerberos specified version of key is not available",
        "kerberos decrypt integrity check failed", "krbexception: x (31)", "krbexception: x (41)",
        "krbexception: x (44)",
    } },
    { "kerberos_keytab", "directory", "the keytab has no key for this principal, or cannot be read", {
        "kerberos key table entry not found", "kerberos key table file",
        "kerberos unable to obtain password from user", "kerberos no suitable keys", "keytab file",
        "kerberos no key table entry",
    } },
    { "kerberos_password_expired", "directory", "the password of the Kerberos account has expired", {
        "kdc_err_key_expired", "kerberos password has expired", "krbexception: x (23)",
    } },
    { "kerberos_service_unknown", "directory",
        "the Kerberos server does not know the directory's service principal", {
        "kerberos s_principal_unknown", "server not found in kerberos database", "krbexception: x (7)",
    } },
    { "kerberos_ticket", "directory", "the Kerberos ticket has expired or is missing", {
        "kerberos tkt_expired", "kerberos ticket expired", "kerberos ticket has expired",
        "failed to find any kerberos tgt", "kerberos no credentials cache", "no kerberos credentials available",
        "kerberos no valid credentials provided", "kerberos credentials cache file", "krbexception: x (32)",
    } },
    { "ldap_account_disabled", "directory", "the bind user is disabled", {
        "ldap account inactivated", "ldap account is disabled", "ldap account disabled",
    } },
    { "ldap_account_disabled", "directory", "the bind user is disabled (LDAP 49, data 533)", {
        "acceptsecuritycontext error, data 533",
    } },
    { "ldap_account_expired", "directory", "the bind user's account has expired (LDAP 49, data 701)", {
        "acceptsecuritycontext error, data 701",
    } },
    { "ldap_account_locked", "directory", "the bind user is locked out", {
        "ldap exceed password retry limit", "ldap account is locked", "ldap account locked",
    } },
    { "ldap_account_locked", "directory", "the bind user is locked out (LDAP 49, data 775)", {
        "acceptsecuritycontext error, data 775",
    } },
    { "ldap_account_restricted", "directory",
        "restrictions of the bind user's account forbid this bind (LDAP 49, data 52f)", {
        "acceptsecuritycontext error, data 52f",
    } },
    { "ldap_admin_limit", "directory", "the search exceeded a limit set by the directory's administrator (LDAP 11)", {
        "ldap administrative limit exceeded", "ldap adminlimitexceeded", "ldap: error code 11",
    } },
    { "ldap_attribute", "directory", "a value does not have the syntax of its attribute (LDAP 21)", {
        "ldap: error code 21",
    } },
    { "ldap_attribute", "directory", "an attribute that was named is missing (LDAP 16)", {
        "ldap: error code 16",
    } },
    { "ldap_attribute", "directory", "the directory does not know an attribute that was named (LDAP 17)", {
        "ldap: error code 17",
    } },
    { "ldap_auth_method", "directory", "the directory does not support this way to bind (LDAP 7)", {
        "ldap auth method not supported", "ldap authenticationnotsupported", "ldap authmethodnotsupported",
        "ldap unknown authentication method", "ldap: error code 7",
    } },
    { "ldap_bind_required", "directory", "the directory answers only after a bind, and none succeeded (LDAP 1)", {
        "ldap a successful bind must be completed",
    } },
    { "ldap_busy", "directory", "the directory is too busy (LDAP 51)", {
        "ldap server is busy", "ldap result - 51", "ldap - busy", "ldap: error code 51",
    } },
    { "ldap_client", "directory", "the LDAP library of the synchronisation failed (LDAP 82)", {
        "ldap: error code 82",
    } },
    { "ldap_confidentiality", "directory", "the directory answers over encrypted connections only (LDAP 13)", {
        "ldap confidentiality required", "ldap confidentialityrequired", "ldap: error code 13",
    } },
    { "ldap_connect_error", "directory", "the connection to the directory could not be established (LDAP 91)", {
        "ldap: error code 91",
    } },
    { "ldap_constraint", "directory", "the directory refused a value or a bind by one of its policies (LDAP 19)", {
        "ldap constraint violation", "ldap constraintviolation", "ldap: error code 19",
    } },
    { "ldap_entry_exists", "directory", "an entry of that name exists in the directory already (LDAP 68)", {
        "ldap entryalreadyexists", "ldap namealreadyboundexception", "ldap: error code 68",
    } },
    { "ldap_extension", "directory", "the directory lacks an extension that the search needs (LDAP 12)", {
        "ldap critical extension", "ldap unavailablecriticalextension", "ldap: error code 12",
    } },
    { "ldap_filter", "directory", "an attribute cannot be matched the way the filter asks (LDAP 18)", {
        "ldap: error code 18",
    } },
    { "ldap_filter", "directory", "the search filter is malformed", {
        "ldap bad search filter", "ldap invalidsearchfilter", "ldapinvalidfiltererror", "ldap filter compile error",
        "ldap malformed filter", "ldap invalid filter", "ldap unbalanced parenthes", "ldap 过滤器语法",
        "ldap: error code 87",
    } },
    { "ldap_inappropriate_auth", "directory", "the bind user cannot bind this way, or has no password (LDAP 48)", {
        "ldap inappropriate authentication", "ldap inappropriateauthentication", "ldap: error code 48",
    } },
    { "ldap_insufficient_access", "directory", "the bind user may not read the entries searched for (LDAP 50)", {
        "ldap insufficient access", "ldap insufficientaccess", "ldap nopermissionexception", "ldap: error code 50",
    } },
    { "ldap_invalid_credentials", "directory",
        "the directory refused the bind user's name or password: invalid credentials (LDAP 49)", {
        "ldap invalid credentials", "ldap invalidcredentials", "ldap authenticationexception", "ldap 凭据无效",
        "ldap ungültige anmeldeinformationen", "ldap: error code 49",
    } },
    { "ldap_invalid_credentials", "directory",
        "the directory refused the bind user's name or password: invalid credentials (LDAP 49, data 52e)", {
        "acceptsecuritycontext error, data 52e",
    } },
    { "ldap_invalid_dn", "directory", "a DN is malformed (LDAP 34)", {
        "ldap invalid dn syntax", "ldap invaliddnsyntax", "ldap invalidnameexception", "ldap: error code 34",
    } },
    { "ldap_logon_hours", "directory", "the bind user may not log on at this time (LDAP 49, data 530)", {
        "acceptsecuritycontext error, data 530",
    } },
    { "ldap_no_such_object", "directory", "the base DN or another named entry does not exist (LDAP 32)", {
        "no such object", "ldap nosuchobject", "ldap namenotfoundexception", "ldap: error code 32",
    } },
    { "ldap_object_class", "directory", "an entry would break the directory's schema (LDAP 65)", {
        "ldap object class violation", "ldap objectclassviolation", "ldap schemaviolationexception",
        "ldap: error code 65",
    } },
    { "ldap_operations_error", "directory", "the directory failed at an operation or at its order (LDAP 1)", {
        "ldap: error code 1",
    } },
    { "ldap_other", "directory", "the directory failed for a reason of its own (LDAP 80)", {
        "ldap: error code 80",
    } },
    { "ldap_password_expired", "directory", "the bind user's password has expired", {
        "ldap password expired", "ldap password has expired",
    } },
    { "ldap_password_expired", "directory", "the bind user's password has expired (LDAP 49, data 532)", {
        "acceptsecuritycontext error, data 532",
    } },
    { "ldap_password_must_change", "directory", "the bind user must change its password first (LDAP 49, data 773)", {
        "acceptsecuritycontext error, data 773",
    } },
    { "ldap_protocol_error", "directory", "the directory did not understand the request (LDAP 2)", {
        "ldap: error code 2",
    } },
    { "ldap_referral", "directory", "the answer is incomplete: it refers to entries on other servers (LDAP 10)", {
        "ldap unprocessed continuation reference",
    } },
    { "ldap_referral", "directory", "the directory answered that another server holds these entries (LDAP 10)", {
        "ldap referralexception", "ldap partialresultexception", "ldap: error code 10",
    } },
    { "ldap_sasl", "directory", "the directory expected a further step of the SASL bind (LDAP 14)", {
        "ldap: error code 14",
    } },
    { "ldap_server_down", "directory", "the directory server cannot be reached (LDAP 81)", {
        "ldap server is unavailable", "ldap serviceunavailableexception", "ldap server is not operational",
        "ldap: error code 81",
    } },
    { "ldap_size_limit", "directory", "the search found more entries than the directory returns (LDAP 4)", {
        "ldap size limit exceeded", "ldap sizelimitexceeded", "ldap: error code 4",
    } },
    { "ldap_stronger_auth", "directory", "the directory requires a stronger bind, such as over TLS (LDAP 8)", {
        "ldap strong(er) authentication required", "ldap strongerauthrequired",
        "ldap strong authentication required", "ldap requires binds to turn on integrity checking",
        "ldap: error code 8",
    } },
    { "ldap_time_limit", "directory", "the directory stopped the search at its time limit (LDAP 3)", {
        "ldap time limit exceeded", "ldap timelimitexceeded", "ldap: error code 3",
    } },
    { "ldap_timeout", "directory", "the directory did not answer in time (LDAP 85)", {
        "ldap: error code 85",
    } },
    { "ldap_unavailable", "directory", "the directory is shutting down or not ready (LDAP 52)", {
        "ldap - unavailable", "ldap: error code 52",
    } },
    { "ldap_unwilling", "directory", "the directory is unwilling to do what was asked (LDAP 53)", {
        "ldap unwilling to perform", "ldap unwillingtoperform", "ldap will_not_perform",
        "ldap operationnotsupportedexception", "ldap: error code 53",
    } },
    { "ldap_user_not_found", "directory", "the directory does not know the bind user (LDAP 49, data 525)", {
        "acceptsecuritycontext error, data 525",
    } },
    { "ldap_workstation", "directory", "the bind user may not log on from this machine (LDAP 49, data 531)", {
        "acceptsecuritycontext error, data 531",
    } },
    { "memory", "sync", "the synchronisation ran out of memory", {
        "outofmemoryerror", "java heap space", "gc overhead limit", "unable to create new native thread",
        "unable to create native thread", "oom-kill", "oomkilled", "cannot allocate memory", "not enough memory",
        "memoryerror", "bad_alloc", "out of memory", "内存不足", "bad_alloc stackoverflowerror",
    } },
    { "name_resolution", "network", "the host name of the directory could not be resolved", {
        "ldap server is unavailable nxdomain", "can't contact ldap server nxdomain",
        "ldap serviceunavailableexception nxdomain", "ldap server is not operational nxdomain",
        "ldap: error code 80 nxdomain", "ldap: error code 81 nxdomain", "ldap: error code 82 nxdomain",
        "ldap: error code 91 nxdomain",
    } },
    { "name_resolution", "network", "the host name of the identity provider could not be resolved", {
        "openid-configuration nxdomain", "openid configuration nxdomain",
    } },
    { "name_resolution", "network", "the host name of the identity source could not be resolved", {
        "unknownhost", "unknown host", "name or service not known", "getaddrinfo", "could not resolve", "nxdomain",
        "nodename nor servname", "name resolution", "no such host", "resolve host", "could not translate host name",
        "enotfound", "servfail", "eai_again", "remote name could not be resolved", "未知的名称或服务",
        "der name oder der dienst ist nicht bekannt", "out of memory nxdomain", "内存不足 nxdomain",
    } },
    { "oauth_access_denied", "identity provider", "the identity provider denied access", {
        "access_denied",
    } },
    { "oauth_account", "identity provider", "the identity provider has locked or disabled the service user", {
        "oauth account is not fully set up", "oauth account disabled", "oauth user is disabled",
        "oauth user account is locked", "aadsts50053", "aadsts50057",
    } },
    { "oauth_client_unknown", "identity provider", "the identity provider does not know the application", {
        "oauth application not found", "oauth client not found", "oauth unknown client", "aadsts700016",
    } },
    { "oauth_consent", "identity provider", "no administrator has consented to the application's permissions", {
        "aadsts65001", "aadsts90094",
    } },
    { "oauth_credentials", "identity provider", "the identity provider refused the user's name or password", {
        "oauth invalid user credentials", "oauth invalid username or password", "aadsts50034", "aadsts50126",
        "e0000004",
    } },
    { "oauth_discovery", "identity provider", "the identity provider's OpenID configuration could not be read", {
        "openid-configuration", "openid configuration",
    } },
    { "oauth_interaction", "identity provider",
        "the identity provider wants a person to act: consent, a second factor or a log-in", {
        "interaction_required", "login_required", "consent_required", "oauth mfa required", "aadsts50076",
        "aadsts50079", "aadsts50158", "aadsts53003",
    } },
    { "oauth_invalid_client", "identity provider", "the identity provider refused the client's id or secret", {
        "invalid_client", "oauth invalid client secret", "oauth client authentication failed", "aadsts7000215",
    } },
    { "oauth_invalid_grant", "identity provider",
        "the identity provider refused the grant: code, password, assertion or refresh token", {
        "invalid_grant",
    } },
    { "oauth_invalid_request", "identity provider",
        "the identity provider did not understand the request for a token", {
        "invalid_request", "oauth redirect_uri",
    } },
    { "oauth_invalid_token", "identity provider", "the identity provider does not accept the token", {
        "invalid_token", "invalid token", "invalidauthenticationtoken", "invalid bearer token",
        "oauth invalid signature", "oauth signature verification failed", "oauth unable to find a signing key",
        "oauth no matching key", "oauth invalid issuer", "oauth issuer did not match", "oauth invalid audience",
        "oauth audience is invalid", "oauth issued by a different provider", "failed to verify id token",
        "invalid_id_token", "jwk", "e0000011",
    } },
    { "oauth_password_expired", "identity provider", "the service user's password has expired", {
        "aadsts50055",
    } },
    { "oauth_scope", "identity provider", "the identity provider refused the scope or the resource asked for", {
        "invalid_scope", "insufficient_scope", "invalid_resource", "invalid_target", "aadsts500011", "aadsts70011",
    } },
    { "oauth_secret_expired", "identity provider", "the client's secret or certificate has expired", {
        "oauth client secret keys are expired", "oauth client secret has expired", "oauth client secret expired",
        "aadsts7000222", "aadsts700027",
    } },
    { "oauth_tenant", "identity provider", "the identity provider does not know the tenant or realm", {
        "oauth realm does not exist", "oauth realm not found", "oauth tenant not found", "invalid_tenant",
        "aadsts90002",
    } },
    { "oauth_token_expired", "identity provider", "the access token has expired", {
        "token expired", "token is expired", "token has expired", "jwt expired", "expired_token", "tokenexpired",
        "oauth expiredsignature", "expired jwt", "令牌已过期", "access token expired",
        "expiredauthenticationtoken",
    } },
    { "oauth_token_expired", "identity provider", "the refresh token has expired or was revoked", {
        "refresh token has expired", "refresh token is expired", "refresh token expired",
        "refresh token is invalid, expired or revoked", "token has been expired or revoked",
        "oauth session not active", "invalid refresh token", "aadsts50173", "aadsts70008", "aadsts700082",
        "aadsts70043",
    } },
    { "oauth_unauthorized_client", "identity provider", "the application may not use this way to get a token", {
        "unauthorized_client", "unsupported_grant_type", "oauth unsupported_response_type",
    } },
    { "oauth_unavailable", "identity provider", "the identity provider could not issue a token for now", {
        "temporarily_unavailable", "oauth server_error", "aadsts50196", "aadsts90006", "aadsts90033",
    } },
    { "other", "directory", "", {
        "kerberos", "kinit", "initial credentials", "krb", "gssapi", "gss-api", "gssexception", "gss_", "keytab",
        "kdc", "ldap", "javax.naming", "acceptsecuritycontext", "active directory", "domain controller", "dsid-",
        "bindresponse", "searchresdone", " tag=", "目录服务器",
    } },
    { "other", "identity provider", "", {
        "oauth", "openid", "oidc", "aadsts", "okta", "keycloak", "entra", "invalid_", "token", "jwt", "client_id",
        "\"error\"", "_required", "e00000", "well-known", "令牌", "http", "status", "scim", "rest", "webclient",
        "unauthorized", "forbidden", "gateway time", "identity provider", "oneaccess", "client error",
        "server error", "feign",
    } },
    { "other", "nobody", "", {
        "404 not found", "409 conflict",
    } },
    { "other", "warehouse", "", {
        "postgres", "jdbc", "hikari", "gauss", "gsql", "sqlstate", "sql state", "pg::", "pq: ", "psycopg", "pgconn",
        "fatal: ", "sqlexception", "sqltransient", "druid", "sqlalchemy", "error: role", "error:  ", "role \"",
        "role '", "warehouse", "fehler:", "错误:", "erreur:", "erreur :", "致命的エラー", "数据库",
        "error: cannot execute",
    } },
    { "scim_filter", "identity provider", "the filter is malformed or not supported (SCIM invalidFilter)", {
        "scimtype: invalidfilter",
    } },
    { "scim_too_many", "identity provider",
        "the filter matches more accounts than the provider returns (SCIM tooMany)", {
        "scimtype: toomany",
    } },
    { "scim_uniqueness", "identity provider",
        "a unique value, such as a user name, is taken already (SCIM uniqueness)", {
        "scimtype: uniqueness",
    } },
    { "scim_value", "identity provider", "a PATCH names an attribute that does not exist (SCIM invalidPath)", {
        "scimtype: invalidpath",
    } },
    { "scim_value", "identity provider", "a PATCH names no existing value (SCIM noTarget)", {
        "scimtype: notarget",
    } },
    { "scim_value", "identity provider", "a request would put sensitive data into an address (SCIM sensitive)", {
        "scimtype: sensitive",
    } },
    { "scim_value", "identity provider", "a value is missing or not allowed (SCIM invalidValue)", {
        "scimtype: invalidvalue",
    } },
    { "scim_value", "identity provider", "an attribute that must not change would be changed (SCIM mutability)", {
        "scimtype: mutability",
    } },
    { "scim_value", "identity provider", "the request does not follow the schema (SCIM invalidSyntax)", {
        "scimtype: invalidsyntax",
    } },
    { "scim_version", "identity provider", "the SCIM version is not supported (SCIM invalidVers)", {
        "scimtype: invalidvers",
    } },
    { "sync_busy", "sync", "another synchronisation was running", {
        "another sync", "already running", "is in progress", "already in progress", "任务正在",
        "already running stackoverflowerror",
    } },
    { "sync_internal", "sync", "the synchronisation has a fault of its own", {
        "nullpointerexception", "memory indexoutofbounds", "classcastexception", "illegalstateexception",
        "illegalargumentexception", "memory concurrentmodification", "memory stackoverflowerror",
        "memory noclassdeffounderror", "heap stackoverflowerror", "thread stackoverflowerror",
        "gc overhead stackoverflowerror", "exception stackoverflowerror", "cancel stackoverflowerror",
        "interrupt stackoverflowerror", "in progress stackoverflowerror", "another stackoverflowerror",
        "oom stackoverflowerror", "内存 stackoverflowerror", "任务 stackoverflowerror",
    } },
    { "sync_stopped", "sync", "the synchronisation was stopped", {
        "interruptedexception", "task interrupted", "task was cancelled", "task was canceled", "cancelled by user",
        "canceled by user", "cancellationexception", "任务被取消",
    } },
    { "timeout", "identity provider", "the identity provider waited too long for the request (HTTP 408)", {
        "http status 408",
    } },
    { "timeout", "network", "the identity source did not answer in time", {
        "timed out", "timeout", "time-out", "time out", "deadline exceeded", "etimedout", "超时",
        "wartezeit für die verbindung ist abgelaufen", "zeitüberschreitung", "タイムアウト",
        "délai d'attente",
    } },
    { "tls", "network", "the identity source and the cluster could not agree on TLS", {
        "sslhandshake", "ssl handshake", "tls handshake", "handshake_failure", "handshake failure", "sslexception",
        "handshake alert", "start_tls", "starttls",
    } },
    { "tls", "network", "the identity source and the cluster have no TLS version in common", {
        "protocol_version", "protocol version", "unsupported protocol", "unsupported_protocol",
        "no appropriate protocol", "wrong ssl version",
    } },
    { "tls", "network", "the identity source and the cluster have no cipher in common", {
        "no cipher suites in common", "no shared cipher", "no cipher", "insufficient_security", "dh key too small",
        "ee key too small",
    } },
    { "tls", "network", "the port of the identity provider does not speak TLS", {
        "http request to an https",
    } },
    { "tls", "network", "the port of the identity source does not speak TLS", {
        "plaintext connection", "wrong version number", "wrong_version_number",
        "first record does not look like a tls handshake", "unrecognized ssl message", "does not support ssl",
        "unsupported or unrecognized ssl",
    } },
}

describe("causes", function()
    it("are found by each word, code and sign alone", function()
        for _, case in ipairs(KNOWN) do
            for _, text in ipairs(case[4]) do
                local found = causes.explain(text)
                assert.same({ case[1], case[2], case[3] }, { found.class, found.speaker or "nobody",
                    found.cause or "" }, text)
            end
        end
    end)
end)
