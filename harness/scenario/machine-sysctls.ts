function named(tree: string, ...names: string[]): string[] {
  return names.map((name) => `net.${tree}.${name}`);
}

/**
 * Settings that the kernel has only for the whole machine: in another network namespace than the first they are absent, or
 * read-only (ensure_safe_net_sysctl, nf_conntrack_standalone_init_sysctl). Measured on Linux 6.18.
 */
export const OF_THE_MACHINE: ReadonlySet<string> = new Set([
  ...named('core', 'bpf_jit_enable', 'bpf_jit_harden', 'bpf_jit_kallsyms', 'bpf_jit_limit', 'busy_poll', 'busy_read'),
  ...named('core', 'default_qdisc', 'dev_weight', 'dev_weight_rx_bias', 'dev_weight_tx_bias'),
  ...named('core', 'devconf_inherit_init_net', 'fb_tunnels_only_for_init_net'),
  ...named('core', 'flow_limit_cpu_bitmap', 'flow_limit_table_len', 'gro_normal_batch', 'high_order_alloc_disable'),
  ...named('core', 'max_skb_frags', 'mem_pcpu_rsv', 'message_burst', 'message_cost', 'netdev_budget'),
  ...named('core', 'netdev_budget_usecs', 'netdev_max_backlog', 'netdev_tstamp_prequeue'),
  ...named('core', 'netdev_unregister_timeout_secs', 'rmem_default', 'rmem_max', 'rps_sock_flow_entries'),
  ...named('core', 'skb_defer_max', 'warnings', 'wmem_default', 'wmem_max'),
  ...named('ipv4', 'cipso_cache_bucket_size', 'cipso_cache_enable', 'cipso_rbm_optfmt', 'cipso_rbm_strictvalid'),
  ...named('ipv4', 'fib_sync_mem', 'inet_peer_maxttl', 'inet_peer_minttl', 'inet_peer_threshold'),
  ...named('ipv4', 'ipfrag_secret_interval', 'tcp_allowed_congestion_control', 'tcp_low_latency', 'tcp_max_orphans'),
  ...named('ipv4', 'tcp_mem', 'udp_mem'),
  ...named('ipv4.route', 'error_burst', 'error_cost', 'gc_elasticity', 'gc_interval', 'gc_min_interval'),
  ...named('ipv4.route', 'gc_min_interval_ms', 'gc_thresh', 'gc_timeout', 'max_size'),
  ...named('ipv4.route', 'redirect_load', 'redirect_number', 'redirect_silence'),
  ...named('ipv6', 'calipso_cache_bucket_size', 'calipso_cache_enable', 'ip6frag_secret_interval'),
  ...named('ipv6', 'mld_max_msf', 'mld_qrv'),
  ...named('netfilter', 'nf_conntrack_buckets', 'nf_conntrack_expect_max', 'nf_conntrack_max', 'nf_log_all_netns'),
  'net.nf_conntrack_max',
]);

/** Settings that nobody can write. */
export const READ_ONLY: ReadonlySet<string> = new Set([
  ...named('core', 'netdev_rss_key'),
  ...named('ipv4', 'tcp_available_congestion_control', 'tcp_available_ulp', 'tcp_ehash_entries', 'udp_hash_entries'),
  ...named('mptcp', 'available_path_managers', 'available_schedulers'),
  ...named('netfilter', 'nf_conntrack_count'),
]);
