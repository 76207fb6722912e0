import { serversIn } from './input.ts';
import { remember } from './remember.ts';

/** Whether a service has a server for the flows that it has, at least. */
export const isCarried = remember((input, service) => serversIn(input, service, 'new', 'keep').length > 0);

/** Whether a service has a server that serves nothing. */
export const hasOut = remember((input, service) => serversIn(input, service, 'out').length > 0);

/** Whether a service takes new flows at all. */
export const isServed = remember((input, service) => serversIn(input, service, 'new').length > 0);
