/** How the nodes of a generated lab are wired, and which addresses make sense there. */
export interface Shape {
  nodes: Record<string, Record<string, unknown>>;
  links: Record<string, string | null>[];
  /** Gateways that a server may have. */
  gateways: string[];
  /** Places for VIPs; the first one is on a segment of the L4. */
  vips: string[];
  /** Proxy IPs on a segment of the L4. */
  proxyIps: string[];
}

const CLIENT_LINK = { client: '198.51.100.10/26', l3: '198.51.100.1/26' };
/** A subnet that is nobody's: its addresses are routed to the L4. */
const ROUTED = '198.51.100.240';

const ENDS = {
  client: { role: 'client', gateway: 'l3' },
  l3: { role: 'l3' },
  l4: { role: 'l4', gateway: 'l3' },
  s1: { role: 'server' },
  s2: { role: 'server' },
};

export const SHAPES = {
  'one-arm': {
    nodes: { ...ENDS, l2: { role: 'l2' }, l3: { role: 'l3', routes: [{ to: `${ROUTED}/32`, via: '203.0.113.2' }] } },
    links: [
      CLIENT_LINK,
      { l3: '203.0.113.1/24', l2: null },
      { l4: '203.0.113.2/24', l2: null },
      { s1: '203.0.113.11/24', l2: null },
      { s2: '203.0.113.12/24', l2: null },
    ],
    gateways: ['l3', 'l4', 'none'],
    vips: ['203.0.113.80', '203.0.113.81', ROUTED],
    proxyIps: ['203.0.113.254', '203.0.113.253'],
  },
  'one-arm-on-l3': {
    nodes: { ...ENDS, l2: { role: 'l2' }, l3: { role: 'l3', routes: [{ to: `${ROUTED}/32`, via: '198.51.100.130' }] } },
    links: [
      CLIENT_LINK,
      { l4: '198.51.100.130/26', l3: '198.51.100.129/26' },
      { l3: '203.0.113.1/24', l2: null },
      { s1: '203.0.113.11/24', l2: null },
      { s2: '203.0.113.12/24', l2: null },
    ],
    gateways: ['l3', 'none'],
    vips: ['198.51.100.180', '198.51.100.181', ROUTED],
    proxyIps: ['198.51.100.190', '198.51.100.189'],
  },
  'in-line': {
    nodes: {
      ...ENDS,
      l2: { role: 'l2' },
      l3: {
        role: 'l3',
        routes: [
          { to: '203.0.113.0/24', via: '198.51.100.130' },
          { to: `${ROUTED}/32`, via: '198.51.100.130' },
        ],
      },
    },
    links: [
      CLIENT_LINK,
      { l3: '198.51.100.129/26', l4: '198.51.100.130/26' },
      { l4: '203.0.113.2/24', l2: null },
      { s1: '203.0.113.11/24', l2: null },
      { s2: '203.0.113.12/24', l2: null },
    ],
    gateways: ['l4', 'none'],
    vips: ['203.0.113.80', '198.51.100.181', ROUTED],
    proxyIps: ['203.0.113.254', '203.0.113.253'],
  },
  'in-line-switch': {
    nodes: {
      ...ENDS,
      l4: { role: 'l4', gateway: 'l3', bridge: '203.0.113.2/24' },
      l2: { role: 'l2' },
    },
    links: [
      CLIENT_LINK,
      { l3: '203.0.113.1/24', l4: null },
      { l4: null, l2: null },
      { s1: '203.0.113.11/24', l2: null },
      { s2: '203.0.113.12/24', l2: null },
    ],
    gateways: ['203.0.113.1', '203.0.113.2', 'none'],
    vips: ['203.0.113.80', '203.0.113.81'],
    proxyIps: ['203.0.113.254', '203.0.113.253'],
  },
  'two-l3': {
    nodes: {
      ...ENDS,
      l2: { role: 'l2' },
      l3: { role: 'l3', routes: [{ to: `${ROUTED}/32`, via: '203.0.113.2' }] },
      // The other router reaches the client's first address by the client's second link.
      l3b: { role: 'l3', routes: [{ to: '198.51.100.0/26', via: '198.51.100.74' }] },
    },
    links: [
      CLIENT_LINK,
      { client: '198.51.100.74/26', l3b: '198.51.100.65/26' },
      { l3: '203.0.113.1/24', l2: null },
      { l3b: '203.0.113.3/24', l2: null },
      { l4: '203.0.113.2/24', l2: null },
      { s1: '203.0.113.11/24', l2: null },
      { s2: '203.0.113.12/24', l2: null },
    ],
    gateways: ['203.0.113.1', '203.0.113.3', 'l4', 'none'],
    vips: ['203.0.113.80', '203.0.113.81', ROUTED],
    proxyIps: ['203.0.113.254', '203.0.113.253'],
  },
} satisfies Record<string, Shape>;

export type ShapeName = keyof typeof SHAPES;
