import { defineConfig } from "vite";

// One script and one style sheet with names that stay: the hub embeds them and tells them apart by ETag.
export default defineConfig({
  base: "./",
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  build: {
    outDir: process.env.AZM_PAGE_OUT || "dist",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: false,
    cssCodeSplit: false,
    target: "es2020",
    rollupOptions: {
      output: {
        entryFileNames: "app.js",
        assetFileNames: (asset) => (/\.css$/.test(asset.name || "") ? "app.css" : "[name][extname]"),
        inlineDynamicImports: true,
      },
    },
  },
  // `npm run dev` beside a hub: AZM_HUB=http://127.0.0.1:8200
  server: { proxy: { "/api": process.env.AZM_HUB || "http://127.0.0.1:8200" } },
});
