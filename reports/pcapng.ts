/** One captured frame. */
export interface CapturedFrame {
  /** Nanoseconds since the epoch. */
  time: bigint;
  /** Name of the interface, as Wireshark shows it. */
  iface: string;
  /** The frame's first bytes, starting with its Ethernet header. */
  bytes: Uint8Array;
  /** Bytes on the wire, if more than were captured. */
  length?: number;
  /** Shown by Wireshark as the packet comment. */
  comment?: string;
}

const SECTION = 0x0a0d0d0a;
const INTERFACE = 1;
const ENHANCED_PACKET = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const ETHERNET = 1;
const OPTION = { end: 0, comment: 1, ifName: 2, userApplication: 4, ifTimeResolution: 9 };
/** Power of ten: timestamps are in nanoseconds. */
const NANOSECONDS = 9;

/** A pcapng file of these frames, with an interface description for each name. Format: draft-ietf-opsawg-pcapng. */
export function pcapng(frames: CapturedFrame[]): Uint8Array {
  const names = [...new Set(frames.map(({ iface }) => iface))];
  return Buffer.concat([pcapngHead(names), ...frames.map((frame) => pcapngFrame(frame, names))]);
}

/** Beginning of a pcapng file: its section header, and a description of each interface. */
export function pcapngHead(ifaces: string[]): Uint8Array {
  return Buffer.concat([sectionHeader(), ...ifaces.map(interfaceDescription)]);
}

/** Another frame of a pcapng file that begins with these interfaces. */
export function pcapngFrame(frame: CapturedFrame, ifaces: string[]): Uint8Array {
  return enhancedPacket(frame, ifaces.indexOf(frame.iface));
}

function sectionHeader(): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt32LE(BYTE_ORDER_MAGIC, 0);
  body.writeUInt16LE(1, 4);
  body.writeUInt16LE(0, 6);
  // Section length unknown.
  body.writeBigInt64LE(-1n, 8);
  return block(SECTION, body, options([OPTION.userApplication, Buffer.from('l4lab')]));
}

function interfaceDescription(name: string): Buffer {
  const body = Buffer.alloc(8);
  body.writeUInt16LE(ETHERNET, 0);
  return block(
    INTERFACE,
    body,
    options([OPTION.ifName, Buffer.from(name)], [OPTION.ifTimeResolution, Buffer.from([NANOSECONDS])]),
  );
}

function enhancedPacket({ time, bytes, length, comment }: CapturedFrame, iface: number): Buffer {
  const head = Buffer.alloc(20);
  head.writeUInt32LE(iface, 0);
  head.writeUInt32LE(Number(time >> 32n), 4);
  head.writeUInt32LE(Number(time & 0xffffffffn), 8);
  head.writeUInt32LE(bytes.length, 12);
  head.writeUInt32LE(length ?? bytes.length, 16);
  return block(
    ENHANCED_PACKET,
    Buffer.concat([head, padded(bytes)]),
    comment ? options([OPTION.comment, Buffer.from(comment)]) : Buffer.alloc(0),
  );
}

function block(type: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  const total = body.length + 12;
  head.writeUInt32LE(type, 0);
  head.writeUInt32LE(total, 4);
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(total, 0);
  return Buffer.concat([head, body, tail]);
}

function options(...list: [code: number, value: Buffer][]): Buffer {
  const written = list.map(([code, value]) => {
    const head = Buffer.alloc(4);
    head.writeUInt16LE(code, 0);
    head.writeUInt16LE(value.length, 2);
    return Buffer.concat([head, padded(value)]);
  });
  return Buffer.concat([...written, Buffer.alloc(4, OPTION.end)]);
}

/** Pads to a multiple of four bytes. */
function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
