import type { PageFlow, PageVariant } from '../../content/page-details.ts';
import type { IndexScenario } from '../../content/page-index.ts';

/** Props of every tab of a flow. */
export interface FlowView {
  scenario: IndexScenario;
  variant: PageVariant;
  flow: PageFlow;
}
