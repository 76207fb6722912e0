import type { PageFlow, PageVariant } from '../page-details.ts';
import type { IndexScenario } from '../page-index.ts';

/** What every tab of a flow gets. */
export interface FlowView {
  scenario: IndexScenario;
  variant: PageVariant;
  flow: PageFlow;
}
