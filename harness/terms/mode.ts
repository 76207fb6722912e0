/** What each mode does is described once, by the load balancer that does it. */
export { isDirect, MODES } from '../../lb/terms/mode.ts';
export type { Mode, ModeTraits } from '../../lb/terms/mode.ts';
