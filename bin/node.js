#!/usr/bin/env node
// `node bin/node.js SCRIPT ARGS…` runs any script under the pinned Node; the npm scripts go through it.
import { launch } from './launch.js';

launch(process.argv.slice(2));
