import { BarChart } from 'echarts/charts';
import { GridComponent, TooltipComponent } from 'echarts/components';
import { type EChartsType, init, use as register } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { compactAmountText } from '../../i18n/format.ts';
import { useFormats } from '../../state/use-formats.ts';
import type { HourSales } from './day-figures.ts';

register([BarChart, GridComponent, TooltipComponent, SVGRenderer]);

const FONT = "'Inter Variable', Inter, system-ui, sans-serif";

/** The colours of the theme, read again when the theme changes: a drawing knows no variables. */
function useThemeColours(): Record<'accent' | 'accentDim' | 'ink' | 'ink3' | 'line' | 'surface', string> {
  const read = () => {
    const style = getComputedStyle(document.documentElement);
    const value = (name: string) => style.getPropertyValue(name).trim();
    return {
      accent: value('--accent'),
      accentDim: value('--accent-dim'),
      ink: value('--ink'),
      ink3: value('--ink-3'),
      line: value('--line'),
      surface: value('--surface'),
    };
  };
  const [colours, setColours] = useState(read);
  useEffect(() => {
    const observer = new MutationObserver(() => setColours(read()));
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    return () => observer.disconnect();
  }, []);
  return colours;
}

const hourText = (hour: number) => String(hour).padStart(2, '0');

/** Bars of sales by hour; the hour that runs stands out. */
export function SalesByHourChart({ hours, nowHour }: { hours: readonly HourSales[]; nowHour: number }) {
  const { t, i18n } = useTranslation('manager');
  const { money, currency } = useFormats();
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType>(undefined);
  const colours = useThemeColours();
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const drawn = init(element, null, { renderer: 'svg' });
    chart.current = drawn;
    const observer = new ResizeObserver(() => drawn.resize());
    observer.observe(element);
    return () => {
      observer.disconnect();
      drawn.dispose();
      chart.current = undefined;
    };
  }, []);
  useEffect(() => {
    const axisText = { color: colours.ink3, fontFamily: FONT, fontSize: 12 };
    const compact = (minor: number) => compactAmountText(minor, currency, i18n.language);
    const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches;
    chart.current?.setOption({
      animation: !isStill,
      animationDuration: 150,
      animationDurationUpdate: 150,
      grid: { left: 8, right: 8, top: 12, bottom: 4, containLabel: true },
      tooltip: {
        trigger: 'axis',
        renderMode: 'richText',
        confine: true,
        axisPointer: { type: 'none' },
        backgroundColor: colours.ink,
        borderWidth: 0,
        textStyle: { color: colours.surface, fontFamily: FONT, fontSize: 14, fontWeight: 600 },
        formatter: (items: unknown) => {
          const [item] = items as { dataIndex: number }[];
          const hour = item === undefined ? undefined : hours[item.dataIndex];
          return hour === undefined
            ? ''
            : t('hourValue', { hour: `${hourText(hour.hour)}:00`, amount: money(hour.salesMinor) });
        },
      },
      xAxis: {
        type: 'category',
        data: hours.map(({ hour }) => hourText(hour)),
        axisLine: { lineStyle: { color: colours.line } },
        axisTick: { show: false },
        axisLabel: axisText,
      },
      yAxis: {
        type: 'value',
        splitNumber: 4,
        splitLine: { lineStyle: { color: colours.line } },
        axisLabel: { ...axisText, formatter: compact },
      },
      series: [
        {
          type: 'bar',
          barMaxWidth: 34,
          barCategoryGap: '36%',
          data: hours.map(({ hour, salesMinor }) => ({
            value: salesMinor,
            itemStyle: {
              color: hour === nowHour ? colours.accent : colours.accentDim,
              borderRadius: salesMinor < 0 ? [0, 0, 5, 5] : [5, 5, 0, 0],
            },
          })),
        },
      ],
    });
  }, [hours, nowHour, colours, money, currency, t, i18n.language]);
  return (
    <figure className="min-h-0 flex-1">
      <div ref={box} aria-hidden className="h-full min-h-52 w-full" />
      <figcaption className="sr-only">
        <ul aria-label={t('byHour')}>
          {hours.map(({ hour, salesMinor }) => (
            <li key={hour}>{t('hourValue', { hour: `${hourText(hour)}:00`, amount: money(salesMinor) })}</li>
          ))}
        </ul>
      </figcaption>
    </figure>
  );
}
