// Rebuilds out/renderer whenever a source of the screens changes; the browser shows it after a reload. A process of its own,
// started by `npm run dev` where the screens are served by the hub.
import { build, type InlineConfig } from 'vite';
import config from '../../electron.vite.config.ts';

const { renderer } = config as { renderer: InlineConfig };
await build({
  ...renderer,
  configFile: false,
  base: './',
  logLevel: 'warn',
  build: { ...renderer.build, emptyOutDir: false, minify: false, watch: {} },
});
