// The project's own distribution server over a folder, as the far side of a measurement: `own-registry.ts FOLDER HOST PORT`.
import { openRegistryServer } from '../../../src/api/v2/registry-server.ts';
import { openRegistryFolder } from '../../../src/depot/registry-folder/registry-folder.ts';

const [folder = '', host = '127.0.0.1', port = '0'] = process.argv.slice(2);
const storage = await openRegistryFolder({ folder, durable: false });
const server = await openRegistryServer({ storage, anonymousMounts: false, listen: { host, port: Number(port) } });
console.log(JSON.stringify({ event: 'listening', url: server.url }));
