import { jest } from '@jest/globals';

/** Tests in network namespaces start processes by the dozen: on a busy machine that alone takes seconds. */
const TIMEOUT_MS = Number(process.env['L4LAB_TEST_TIMEOUT_MS'] ?? 60_000);

jest.setTimeout(TIMEOUT_MS);
