/** Counter values by node and name: kernel counters named as in nstat(8), nft counters as `TABLE COUNTER`. */
export type CountersByNode = Record<string, Record<string, number>>;
