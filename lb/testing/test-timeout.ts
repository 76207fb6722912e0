import { jest } from '@jest/globals';

/** Tests in network namespaces start dozens of processes, which alone takes seconds on a busy machine. */
const TIMEOUT_MS = Number(process.env['L4LAB_TEST_TIMEOUT_MS'] ?? 60_000);

jest.setTimeout(TIMEOUT_MS);
