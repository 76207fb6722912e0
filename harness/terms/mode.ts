/** The modes are described once, by the load balancer. */
export { isDirect, isRoute, MODES, vipsAtIngress } from '../../lb/terms/mode.ts';
export type { Mode, ModeTraits } from '../../lb/terms/mode.ts';
