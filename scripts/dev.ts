// `npm run dev`: as `npm start`, and the cloud, the app and the screens follow their sources. Takes the same options.
process.argv.push('--watch');
await import('./start.ts');
