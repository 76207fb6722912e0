import { isIdle } from '../terms/split-services.ts';
import type { Holding } from '../terms/holding.ts';
import { renderUnserved } from './at-ingress.ts';
import { renderChecks } from './checks.ts';
import { renderDsr } from './dsr.ts';
import { renderClamp } from './clamp.ts';
import { renderEcho } from './echo.ts';
import { renderOwned } from './owned.ts';
import type { Override } from '../terms/overrides.ts';
import type { RenderInput } from './input.ts';
import { renderNat } from './nat.ts';
import { renderOverrides } from './overrides.ts';
import { joinParts } from './part.ts';
import { renderRefusals } from './refuse.ts';
import { renderRoutes } from './routes.ts';
import type { Table } from './ruleset.ts';
import { renderTunnelErrors } from './tunnel-errors.ts';

/** Renders the nft tables of a configuration, which also record `owned` and `overrides`. Pure. */
export function render(input: RenderInput, owned: Holding[], overrides: Override[] = []): Table[] {
  if (isIdle(input.config)) return [];
  const tables: Table[] = [
    {
      family: 'inet',
      ...joinParts(
        renderOwned(owned),
        renderOverrides(overrides),
        renderRefusals(input),
        renderEcho(input),
        renderNat(input),
        renderClamp(input),
        renderRoutes(input),
        renderTunnelErrors(input),
      ),
    },
    { family: 'netdev', ...joinParts(renderDsr(input), renderUnserved(input), renderChecks(input)) },
  ];
  return tables.filter(({ chains }) => chains.length > 0);
}
