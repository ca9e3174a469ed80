import { resolve } from 'node:path';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const root = resolve(import.meta.dirname, '../../src-renderer');
export default defineConfig({
  root,
  plugins: [react(), tailwindcss()],
  build: { outDir: process.env['OUT'] ?? '/tmp/renderer-out', emptyOutDir: true },
});
