/** Output of `l4lab-lb --help`. */
export const USAGE = `usage: l4lab-lb --config FILE

A layer 4 load balancer on nftables. FILE is YAML or JSON: see docs/load-balancer.md of l4lab.

SIGHUP reloads FILE. SIGTERM and SIGINT remove all rules and addresses that it added, and exit.
Events are written to stdout as JSON lines.

Exit codes: 0 stopped by a signal, 2 bad configuration or usage, 1 anything else.
`;
