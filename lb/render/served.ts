import { serversIn } from './input.ts';
import { remember } from './remember.ts';

/** Whether a service has a server for its existing flows, at least. */
export const servesFlows = remember((input, service) => serversIn(input, service, 'new', 'keep').length > 0);

/** Whether a service has a server that is out. */
export const hasServerOut = remember((input, service) => serversIn(input, service, 'out').length > 0);

/** Whether a service has a server for new flows. */
export const takesNewFlows = remember((input, service) => serversIn(input, service, 'new').length > 0);
