import { Address6 } from 'ip-address';

/** Bytes of an Ethernet frame as on a wire; checksums are zero, since nobody checks them. */
export function ethernet(srcMac: string, dstMac: string, type: number, body: Buffer): Buffer {
  return Buffer.concat([macBytes(dstMac), macBytes(srcMac), uint16(type), body]);
}

export function arp(op: 1 | 2, sender: { mac: string; ip: string }, targetIp: string): Buffer {
  return Buffer.concat([
    Buffer.from([0, 1, 8, 0, 6, 4, 0, op]),
    macBytes(sender.mac),
    v4Bytes(sender.ip),
    Buffer.alloc(6),
    v4Bytes(targetIp),
  ]);
}

interface IpFields {
  src: string;
  dst: string;
  protocol: number;
  ttl?: number;
  id?: number;
  dscp?: number;
  /** In units of 8 bytes. */
  fragmentOffset?: number;
  /** Bytes of options; a multiple of 4. */
  options?: number;
}

export function ipv4(fields: IpFields, payload: Buffer): Buffer {
  const options = fields.options ?? 0;
  const header = Buffer.alloc(20 + options);
  header[0] = 0x40 | ((20 + options) / 4);
  header[1] = (fields.dscp ?? 0) << 2;
  header.writeUInt16BE(header.length + payload.length, 2);
  header.writeUInt16BE(fields.id ?? 0, 4);
  header.writeUInt16BE(fields.fragmentOffset ?? 0, 6);
  header[8] = fields.ttl ?? 64;
  header[9] = fields.protocol;
  v4Bytes(fields.src).copy(header, 12);
  v4Bytes(fields.dst).copy(header, 16);
  return Buffer.concat([header, payload]);
}

export function ipv6(fields: IpFields, payload: Buffer): Buffer {
  const header = Buffer.alloc(40);
  header.writeUInt16BE(0x6000 | ((fields.dscp ?? 0) << 6), 0);
  header.writeUInt16BE(payload.length, 4);
  header[6] = fields.protocol;
  header[7] = fields.ttl ?? 64;
  v6Bytes(fields.src).copy(header, 8);
  v6Bytes(fields.dst).copy(header, 24);
  return Buffer.concat([header, payload]);
}

export function tcp(
  fields: {
    srcPort: number;
    dstPort: number;
    flags: number;
    seq?: number;
    ack?: number;
    /** TSval; also adds the MSS option, by default 1460 bytes. */
    timestamp?: number;
    mss?: number;
  },
  payload = '',
): Buffer {
  const { timestamp, mss } = fields;
  const only = mss === undefined ? Buffer.alloc(0) : maximumSegmentSize(mss);
  const options = timestamp === undefined ? only : timestamps(timestamp, mss);
  const header = Buffer.concat([Buffer.alloc(20), options]);
  header.writeUInt16BE(fields.srcPort, 0);
  header.writeUInt16BE(fields.dstPort, 2);
  header.writeUInt32BE(fields.seq ?? 0, 4);
  header.writeUInt32BE(fields.ack ?? 0, 8);
  header[12] = (header.length / 4) << 4;
  header[13] = fields.flags;
  return Buffer.concat([header, Buffer.from(payload)]);
}

/** As in a SYN from Linux: after two other options, one of them with a length. */
function timestamps(value: number, mss = 1460): Buffer {
  const noOperation = Buffer.from([1]);
  const option = Buffer.alloc(10);
  option[0] = 8;
  option[1] = 10;
  option.writeUInt32BE(value, 2);
  return Buffer.concat([maximumSegmentSize(mss), noOperation, option, noOperation]);
}

function maximumSegmentSize(bytes: number): Buffer {
  return Buffer.concat([Buffer.from([2, 4]), uint16(bytes)]);
}

export function udp(srcPort: number, dstPort: number, payload = ''): Buffer {
  return Buffer.concat([uint16(srcPort), uint16(dstPort), uint16(8 + payload.length), uint16(0), Buffer.from(payload)]);
}

/** ICMP or ICMPv6; `rest`: the four bytes after the checksum. */
export function icmp(type: number, code: number, rest: Buffer, payload: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([Buffer.from([type, code, 0, 0]), rest, payload]);
}

export function uint16(...values: number[]): Buffer {
  return Buffer.from(values.flatMap((value) => [value >> 8, value & 255]));
}

export function v4Bytes(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number));
}

export function v6Bytes(address: string): Buffer {
  return Buffer.from(new Address6(address).toUnsignedByteArray());
}

function macBytes(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(':', ''), 'hex');
}
