import { EnvironmentError, type L4labError } from '../errors.ts';
import type { Fault } from '../terms/fault.ts';

/** Why flows are not run: what is wrong with the environment, or that the user wants to stop. */
export function faultOf(error: L4labError): Fault {
  return error instanceof EnvironmentError ? error.fault : { code: 'interrupted', params: {} };
}
