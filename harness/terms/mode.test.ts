import { MODES as MODES_OF_LB } from '../../lb/terms/mode.ts';
import { MODES } from './mode.ts';

it('the included load balancer does in each mode what the model takes it to do', () => {
  expect(MODES_OF_LB).toEqual(MODES);
});
