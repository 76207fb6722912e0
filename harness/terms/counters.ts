/** Values of counters by node and name: of the kernel as nstat(8) names them, of nftables as `TABLE COUNTER`. */
export type CountersByNode = Record<string, Record<string, number>>;
