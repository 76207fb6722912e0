import type { PageFlow, PageVariant } from '../../content/page-details.ts';
import type { IndexScenario } from '../../content/page-index.ts';

/** What every tab of a flow gets. */
export interface FlowView {
  scenario: IndexScenario;
  variant: PageVariant;
  flow: PageFlow;
}
