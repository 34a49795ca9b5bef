//! What a bot does with an event. Each line is a test: its name, what a customer says when that is not the name alone, how the
//! event ends, and what is seen of what stopped it. A second thing stands where it depends on the machine: whether a name
//! with a dot behind it leads to this machine, or is none, its resolver says.

use roost::inbox::Outcome;

use super::attack::{Behaviour, plays};

macro_rules! says {
    ($name:ident) => {
        stringify!($name)
    };
    ($name:ident $says:literal) => {
        $says
    };
}

macro_rules! behaviours {
    ($($part:ident { $($name:ident $(($says:literal))?: $outcome:ident, $($shows:literal)|+;)+ })+) => {
        $(
            mod $part {
                use super::{Behaviour, Outcome, plays};

                pub(super) const ALL: &[Behaviour] = &[$(Behaviour {
                    name: stringify!($name),
                    says: says!($name $($says)?),
                    outcome: Outcome::$outcome,
                    shows: &[$($shows),+],
                }),+];

                $(
                    #[test]
                    fn $name() {
                        plays(ALL.iter().find(|one| one.name == stringify!($name)).unwrap());
                    }
                )+
            }
        )+

        /// All of all parts.
        pub(super) fn all() -> impl Iterator<Item = &'static Behaviour> {
            [$($part::ALL),+].into_iter().flatten()
        }
    };
}

behaviours! {
    time {
        loops: Timeout, "of processor time";
        loops_in_microtasks: Timeout, "of processor time";
        loops_in_ticks: Timeout, "of processor time";
        loops_in_immediates: Timeout, "of processor time";
        loops_in_timeouts: Timeout, "of processor time";
        loops_in_messages: Timeout, "of processor time";
        loops_in_a_generator: Timeout, "of processor time";
        loops_in_a_comparison: Timeout, "of processor time";
        loops_in_a_getter: Timeout, "of processor time";
        loops_in_a_proxy: Timeout, "of processor time";
        logs_a_trap: Timeout, "of processor time";
        loops_in_a_finally: Timeout, "of processor time";
        backtracks: Timeout, "of processor time";
        replaces_without_end: Timeout, "of processor time";
        listens_without_end: Timeout, "of processor time";
        raises_a_number: BotThrew, "BigInt is too large";
        multiplies_numbers: Timeout, "of processor time";
        derives_a_key: BotThrew, "pbkdf2 would take about";
        joins_holes: Timeout, "of processor time";
        sleeps_in_a_lock: Done, "sleeps_in_a_lock: got timed-out";
        logs_without_end: Timeout, "of processor time";
        formats_without_end: Timeout, "of processor time";
        sorts_without_end: Timeout, "of processor time";
        digests_without_end: Timeout, "of processor time";
        unpacks_a_bomb_again_and_again: Timeout, "of processor time";
        derives_by_scrypt: Done, "memory limit exceeded";
        derives_many_keys_at_once: BotThrew, "pbkdf2 would take about";
        makes_a_huge_key: Done, "with 512 to 8,192 bits";
        makes_a_huge_prime: Done, "at most 4,096 bits";
        checks_a_huge_prime: Done, "longer than the host takes";
    }
    depth {
        recurses: Done, "RangeError";
        recurses_in_a_conversion: Done, "RangeError";
        recurses_in_json: Timeout, "of processor time";
        recurses_in_a_parser: Done, "RangeError";
        recurses_in_an_expression: Done, "SyntaxError";
        recurses_in_code: Done, "RangeError";
        recurses_in_a_getter: Done, "RangeError";
        recurses_in_a_proxy: Done, "RangeError";
        recurses_in_a_replacement: Done, "RangeError";
        parses_a_deep_bomb: Done, "RangeError";
        clones_a_bomb: Done, "RangeError";
        writes_a_circle: Done, "TypeError";
    }
    memory {
        hoards_text: OutOfMemory, "it may use 96 MiB";
        hoards_buffers: OutOfMemory, "it may use 96 MiB";
        hoards_arrays: OutOfMemory, "it may use 96 MiB";
        hoards_holes: OutOfMemory, "it may use 96 MiB";
        hoards_expressions: OutOfMemory, "it may use 96 MiB";
        hoards_promises: OutOfMemory, "it may use 96 MiB";
        hoards_timers: OutOfMemory, "it may use 96 MiB";
        hoards_listeners: OutOfMemory, "it may use 96 MiB";
        hoards_names: OutOfMemory, "it may use 96 MiB";
        hoards_entries: OutOfMemory, "it may use 96 MiB";
        hoards_code: OutOfMemory, "it may use 96 MiB";
        hoards_controllers: OutOfMemory, "it may use 96 MiB";
        hoards_and_goes_on: OutOfMemory, "it may use 96 MiB";
        hoards_what_was_packed: OutOfMemory, "it may use 96 MiB";
        hoards_files: BotThrew, "ENOSPC";
        asks_for_a_buffer: Done, "RangeError";
        asks_for_an_array: Done, "RangeError";
        asks_for_text: Done, "RangeError";
        asks_for_text_by_padding: Done, "RangeError";
        parses_a_bomb: OutOfMemory, "it may use 96 MiB";
        writes_a_bomb: OutOfMemory, "it may use 96 MiB";
        unpacks_a_bomb: OutOfMemory, "it may use 96 MiB";
        unpacks_a_bomb_in_a_stream: OutOfMemory, "it may use 96 MiB";
        fetches_a_bomb("fetches_a_bomb http://peer.test/bomb"): OutOfMemory, "it may use 96 MiB";
        unpacks_a_bomb_with_a_bound: Done, "ERR_BUFFER_TOO_LARGE";
        unpacks_what_never_ends: Done, "Z_";
        opens_many_streams: Done, "hold more than 64 MiB";
        asks_for_a_level: Done, "ERR_OUT_OF_RANGE";
        asks_for_much_chance: OutOfMemory, "it may use 96 MiB";
        names_a_zone_outside: Done, "Invalid time zone";
        formats_many_digits: Done, "RangeError";
        formats_a_far_date: Done, "RangeError";
        reads_an_odd_key: Done, "ERR_";
    }
    answers {
        answers_with_much: BadStatus, "16777216 bytes";
        answers_without_end: BadStatus, "16777216 bytes";
        answers_with_a_long_header: BotThrew, "a header is too large";
        answers_with_many_headers: BotThrew, "a header is too large";
        splits_an_answer: Done, "ERR_INVALID_CHAR";
        splits_a_status: Done, "no reason is sent";
        answers_with_no_status: Done, "ERR_HTTP_INVALID_STATUS_CODE";
        answers_with_another_protocol: BadStatus, "status 101";
        answers_twice: Done, "ERR_HTTP_HEADERS_SENT";
        writes_to_the_socket: Done, "writes_to_the_socket: got boolean";
        never_answers: BotThrew, "without answering it";
    }
    endings {
        exits: BotThrew, "process.exit(3)";
        exits_well: BotThrew, "process.exit(0)";
        aborts: BotThrew, "process.exit(134)";
        kills_itself: Done, "process.kill is not available";
        kills_its_parent: Done, "process.kill is not available";
        kills_all: Done, "process.kill is not available";
        throws_nothing: BotThrew, "promise rejected with the reason";
        throws_a_trap: BotThrew, "ERR_UNHANDLED_REJECTION";
        throws_in_a_timeout: BotThrew, "in a timeout";
        throws_in_a_tick: BotThrew, "in a tick";
        throws_in_a_listener: BotThrew, "in a listener";
        throws_while_it_is_caught: BotThrew, "in the one that catches";
        rejects_a_lot: BotThrew, "rejection 0";
        warns_a_lot: Done, "bytes were logged and left out";
        breaks_the_stack: BotThrew, "broken";
        breaks_the_loop: BotThrew, "broken loop";
        listens_again: Done, "EADDRINUSE";
    }
    lasting {
        finds_nothing_of_what_it_changed("pollutes then remains"): Done, r#"{\"told\":\"nothing\",\"array\":[\"1\"],\"file\":false,\"folder\":false,\"title\":false}"#;
        logs_after_its_answer: Done, "ended without waiting for 1 interval";
    }
    places {
        fetches_the_loopback("fetches http://127.0.0.1:{guarded}/"): Done, "EACCES";
        fetches_localhost("fetches http://localhost:{guarded}/"): Done, "EACCES";
        fetches_localhost_with_a_dot("fetches http://localhost.:{guarded}/"): Done, "EACCES" | "ENOTFOUND";
        fetches_localhost_in_capitals("fetches http://LOCALHOST:{guarded}/"): Done, "EACCES";
        fetches_a_short_address("fetches http://127.1:{guarded}/"): Done, "EACCES";
        fetches_a_number("fetches http://2130706433:{guarded}/"): Done, "EACCES";
        fetches_a_hexadecimal_address("fetches http://0x7f.0.0.1:{guarded}/"): Done, "EACCES";
        fetches_an_octal_address("fetches http://0177.0.0.1:{guarded}/"): Done, "EACCES";
        fetches_any_address("fetches http://0.0.0.0:{guarded}/"): Done, "EACCES";
        fetches_the_loopback_of_ipv6("fetches http://[::1]:{guarded}/"): Done, "EACCES";
        fetches_any_address_of_ipv6("fetches http://[::]:{guarded}/"): Done, "EACCES";
        fetches_a_mapped_address("fetches http://[::ffff:127.0.0.1]:{guarded}/"): Done, "EACCES";
        fetches_a_translated_address("fetches http://[64:ff9b::7f00:1]:{guarded}/"): Done, "EACCES";
        fetches_a_tunnelled_address("fetches http://[2002:7f00:1::]:{guarded}/"): Done, "EACCES";
        fetches_a_private_address("fetches http://10.0.0.1/"): Done, "EACCES";
        fetches_another_private_address("fetches http://172.16.0.1/"): Done, "EACCES";
        fetches_a_router("fetches http://192.168.0.1/"): Done, "EACCES";
        fetches_a_carriers_address("fetches http://100.64.0.1/"): Done, "EACCES";
        fetches_a_clouds_metadata("fetches http://169.254.169.254/latest/meta-data"): Done, "EACCES";
        fetches_a_link_local_address("fetches http://[fe80::1]/"): Done, "EACCES";
        fetches_a_clouds_metadata_by_ipv6("fetches http://[fd00:ec2::254]/"): Done, "EACCES";
        fetches_another_clouds_metadata("fetches http://168.63.129.16/"): Done, "EACCES";
        fetches_a_group("fetches http://224.0.0.1/"): Done, "EACCES";
        fetches_everybody("fetches http://255.255.255.255/"): Done, "EACCES";
        fetches_the_hosts_webhook("fetches http://{host}/webhooks/whatsapp"): Done, "EACCES";
        fetches_the_admin_api("fetches http://{admin}/v1/projects"): Done, "EACCES";
        is_led_to_the_loopback("fetches http://peer.test/away?to=http://127.0.0.1:{guarded}/secret"): Done, "EACCES";
        is_led_to_a_clouds_metadata("fetches http://peer.test/away?to=http://169.254.169.254/"): Done, "EACCES";
        fetches_as_another("fetches_as_another 127.0.0.1:{guarded}"): Done, "EACCES";
        fetches_with_a_proxy("fetches_with_a_proxy 127.0.0.1:{guarded}"): Done, "not available in Roost";
    }
    network {
        fetches_with_a_login("fetches http://peer.test@127.0.0.1:{guarded}/"): Done, "credentials";
        is_led_to_a_file("fetches http://peer.test/away?to=file:///etc/passwd"): Done, "bad redirect";
        fetches_a_file("fetches file:///etc/passwd"): Done, "unknown scheme";
        fetches_by_ftp("fetches ftp://peer.test/"): Done, "unknown scheme";
        fetches_by_socket: Done, "connect ENOENT";
        fetches_with_a_split_header("fetches_with_a_split_header http://peer.test/"): Done, "ERR_INVALID_CHAR";
        fetches_with_a_split_path("fetches_with_a_split_path http://peer.test/split"): Done, "fetches_with_a_split_path: got 200";
        fetches_a_lot("fetches_a_lot http://127.0.0.1:9/"): Done, "50 requests, which is all it may make";
        connects("connects 127.0.0.1:{guarded}"): Done, "is not available in Roost";
        resolves: Done, "ENOTFOUND";
        tells_its_token("tells_its_token http://peer.test/told"): Done, "200 seen";
        fetches_without_end("fetches_without_end http://peer.test/endless"): Done, "EMSGSIZE";
        uploads_without_end("uploads_without_end http://peer.test/sink"): Done, "EMSGSIZE";
        fetches_a_port_beside_the_peer("fetches http://peer.test:{guarded}/"): Done, "ENOTFOUND" | "EAI_AGAIN";
        connects_by_tls("connects_by_tls 127.0.0.1:{guarded}"): Done, "is not available in Roost";
        sends_a_datagram("sends_a_datagram 127.0.0.1:{guarded}"): Done, "is not available in Roost";
        opens_a_websocket("opens_a_websocket 127.0.0.1:{guarded}"): Done, "WebSocket";
        tells_its_token_in_headers("tells_its_token_in_headers http://peer.test/told"): Done, "200 seen";
        tells_its_token_in_a_body("tells_its_token_in_a_body http://peer.test/told"): Done, "200 seen";
        fetches_as_meta("fetches_as_meta http://peer.test/told"): Done, "200 seen";
    }
    files {
        reads_the_users("reads /etc/passwd"): Done, "ENOENT";
        reads_the_hosts_environment("reads /proc/self/environ"): Done, "ENOENT";
        reads_by_a_process("reads /proc/1/cwd/etc/passwd"): Done, "ENOENT";
        reads_the_machines_memory("reads /dev/mem"): Done, "ENOENT";
        reads_upwards("reads ../../../../../../etc/passwd"): Done, "ENOENT";
        reads_by_a_link: Done, "ENOENT";
        reads_by_a_long_way: Done, "ENOENT";
        reads_by_a_url: Done, "ENOENT";
        reads_by_a_descriptor: Done, "EBADF";
        lists_the_processes("lists /proc"): Done, "ENOENT";
        lists_all("lists /"): Done, r#"[\"app\",\"dev\",\"tmp\"]"#;
        writes_outside: Done, "ENOENT";
        requires_outside: Done, "MODULE_NOT_FOUND";
        imports_outside: Done, "MODULE_NOT_FOUND";
        reads_by_a_null: Done, "ENOENT" | "ERR_INVALID_ARG_VALUE";
        writes_its_own_code("writes_its_own_code then finds_what_it_wrote"): Done, "got false";
        renames_its_folder("renames_its_folder then lists /"): Done, r#"[\"app\",\"dev\",\"tmp\"]"#;
        links_outside: Done, "ENOENT";
    }
    programs {
        starts_a_program: Done, "not available in Roost";
        starts_a_thread: Timeout, "of processor time";
        starts_a_cluster: Done, "not available in Roost";
        loads_machine_code: Done, "process.dlopen is not available";
        binds_the_runtime: Done, "No such binding: fs";
        compiles_wasm: Done, "ReferenceError";
        leaves_a_context: Done, "leaves_a_context: got 1";
        becomes_root: Done, "is not a function";
        opens_an_inspector: Done, "not available in Roost";
        imports_the_engine: Done, "MODULE_NOT_FOUND";
        imports_the_host: Done, "MODULE_NOT_FOUND";
        writes_its_memory: Done, "not available in Roost";
        loads_by_the_module: Done, "not available in Roost" | "TypeError";
        tells_the_hosts_settings: Done, "got []";
        tells_its_arguments: Done, "/app";
    }
    logs {
        logs_a_lot: Done, "bytes were logged and left out";
        logs_one_long_line: Done, "bytes were logged and left out";
        logs_empty_lines: Done, "bytes were logged and left out";
        logs_as_another: Done, "soup";
        logs_its_secret: Done, "the secret is [secret SOUP_KEY]";
        logs_its_secret_in_codes: Done, "[secret SOUP_KEY]";
        logs_its_secret_in_pieces: Done, "[secret SOUP_KEY]";
        throws_its_secret: BotThrew, "[secret SOUP_KEY]";
    }
    tables {
        asks_for_tables_of("asks_for_tables_of {schema}"): Done, "42501";
        asks_as("asks_as {schema}"): Done, "is not available here";
        asks_for_a_file: Done, "42501";
        asks_for_a_program: Done, "is not available here";
        asks_for_others: Done, "42501";
        asks_two_things: Done, "42501";
        asks_for_much: Done, "the answer is larger than";
        asks_for_many: Done, "more than 10000 rows";
        asks_with_a_large_value: Done, "send the data in several statements";
        asks_with_large_values_at_once: Done, "that have not ended hold more than 64 MiB";
        asks_too_often: BotThrew, "500 calls of the host";
        leaves_a_lock("locks then unlocked"): Done, "42P01";
        asks_for_roles: Done, "42501";
        asks_for_schemas: Done, r#"[{\"others\":0}]"#;
        asks_to_be_another: Done, "is not available here";
        asks_for_a_library: Done, "is not available here";
        asks_for_an_extension: Done, "is not available here";
        asks_for_a_function_in_c: Done, "is not available here";
        asks_to_wait: Done, "57014";
        asks_to_end_others: Done, "42501";
        asks_for_the_settings: Done, "42501" | "got []";
        asks_to_change_the_server: Done, "is not available here";
        asks_without_end: Done, "57014" | "53400";
        asks_for_memory: Done, "53200" | "54000";
    }
    sends {
        sends_a_lot: BotThrew, "20 sends";
        sends_much: Done, "Meta takes 1 to 4096";
        sends_as("sends_as {number}"): Done, "sends_as: got 403";
        reads_another("reads_another {number}"): Done, "reads_another: got 403";
        registers_a_webhook("registers_a_webhook {number}"): Done, "registers_a_webhook: got 403";
        asks_for_the_token: Done, "asks_for_the_token: got 403";
        asks_for_the_app: Done, "asks_for_the_app: got 403";
        reads_a_conversation("reads_a_conversation 16505556789"): Done, "unknown-contact";
        keeps_a_large_state: Done, "too-long";
        sends_at_once: BotThrew, "20 sends";
        sends_its_token: Done, "the token is ";
        sends_in_two_headers("sends_in_two_headers {number}"): Done, "sends_in_two_headers: got 403";
        asks_in_a_batch("asks_in_a_batch {number}"): Done, "asks_in_a_batch: got 403";
        deletes_its_number: Done, "deletes_its_number: got 403";
        registers_its_number: Done, "registers_its_number: got 403";
    }
    long {
        waits: Timeout, "took longer than";
        beats: Timeout, "took longer than";
    }
}
