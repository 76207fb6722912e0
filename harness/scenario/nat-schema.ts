import * as z from 'zod';
import { mustBe } from '../../lb/terms/messages.ts';
import { address } from './schema-values.ts';

/** Name of a node's interface: its peer, or peer and VLAN on a trunk. */
const interfaceName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,13}(\.[1-9]\d{0,3})?$/, mustBe('a peer of the node, or `PEER.VLAN` on a trunk'));

/** Source NAT of a router. */
const translation = z.strictObject({
  out: z
    .union(
      [interfaceName, z.array(interfaceName).min(1)],
      mustBe('a peer of the node (`PEER.VLAN` on a trunk), or a list of them'),
    )
    .describe(
      'Outside interface(s), named after the peer (`PEER.VLAN` on a trunk). The source of packets that leave there is translated.',
    ),
  to: z
    .union(
      [z.literal('masquerade'), address, z.array(address).min(1).max(2)],
      mustBe('`masquerade`, an address, or one of each family'),
    )
    .default('masquerade')
    .describe('New source address: `masquerade` (the address of the interface), an address, or one per family.'),
});

/** `none` removes the lab's setting. */
export const nat = z.union(
  [z.literal('none'), translation],
  mustBe(
    '`none`, or a mapping like `{ out: PEER, to: masquerade }`, where `to` may be an address, or one of each family',
  ),
);
