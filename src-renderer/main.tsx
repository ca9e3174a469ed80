import './no-eval.ts';
import { createRoot } from 'react-dom/client';
import { App } from './app/App.tsx';
import { startRouter } from './app/router.ts';
import { startTheme } from './app/theme.ts';
import { chooseBridge } from './bridge/choose-bridge.ts';
import { startI18n } from './i18n/setup.ts';
import { startLive } from './state/live.ts';
import './styles/app.css';

startTheme();
const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no root');
await startI18n();
startRouter();
startLive(chooseBridge());
createRoot(root).render(<App />);
