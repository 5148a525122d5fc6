#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { launch } from './launch.js';

const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
// Blobs pass through as short-lived buffers: a small young generation lets go of them sooner (docs/performance.md).
launch(['--max-semi-space-size=4', main, ...process.argv.slice(2)], { lifeline: true });
