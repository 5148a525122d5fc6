// Of prom-client only what counts: its index also loads what watches the process, and with that OpenTelemetry, ten times
// as much. `metrics.ts` loads that once the service has started.
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import Histogram from 'prom-client/lib/histogram.js';
import Registry from 'prom-client/lib/registry.js';

export { Counter, Gauge, Histogram, Registry };
