import { useTranslation } from 'react-i18next';
import { useLive } from '../../state/store.ts';
import { useFormats } from '../../state/use-formats.ts';
import { Banner } from '../../ui/Banner.tsx';

/** What has happened to, or threatens, this terminal's own data. */
export function DataWarnings() {
  const { t } = useTranslation('sync');
  const { dayTime } = useFormats();
  const warnings = useLive((live) => live.status?.warnings);
  return warnings?.map(({ code, text, at }) => (
    <Banner key={code} tone={code === 'damaged' ? 'danger' : 'warn'}>
      <span className="font-semibold">
        {t(`data.${code}`)} · {dayTime(at)}
      </span>
      <span className="block">{text}</span>
    </Banner>
  ));
}
