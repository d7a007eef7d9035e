import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { firstChunk } from './firstChunk.ts'
import { firstTexts } from './firstTexts.ts'
import { TEXT_ALIASES } from './textAliases.ts'

export default defineConfig({
  root: import.meta.dirname,
  plugins: [firstTexts(), firstChunk(), react(), tailwindcss()],
  resolve: { alias: TEXT_ALIASES },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // A picture inlined as data: would need a wider content policy than 'self'.
    assetsInlineLimit: 0,
    // Pages are fetched when a finger nears their link; a list of every page's parts in the first file costs more.
    modulePreload: false,
  },
  server: { host: '127.0.0.1', proxy: { '/api': 'http://127.0.0.1:3000' } },
})
