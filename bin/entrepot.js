#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { launch } from './launch.js';

const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
// Bytes that pass through live for milliseconds: with less room for the young their memory is used again sooner.
launch(['--max-semi-space-size=8', main, ...process.argv.slice(2)], { lifeline: true });
