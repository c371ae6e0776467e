// %ptR and %ptT: dates and times of a struct rtc_time or a time64_t, ISO 8601 unless letters say otherwise. Width does not apply.

import type { Ptr } from '../../base/ptr.ts';
import type { FormatContext } from './format-context.ts';
import { formatText } from './format-number.ts';
import type { Spec } from './format-spec.ts';

/** As struct tm: month 0-11, year since 1900. */
interface BrokenDown { readonly sec: number; readonly min: number; readonly hour: number; readonly day: number; readonly month: number; readonly year: number }

export function formatTime(letters: string, spec: Spec, pointer: Ptr, context: FormatContext): string {
  switch (letters[1]) {
    case 'R': return timeText(rtcTime(pointer, context), letters.slice(2));
    case 'T': return timeText(brokenDown(context.ram.readI64(pointer)), letters.slice(2));
    default: return formatText('(%pt?)', spec);
  }
}

function rtcTime(pointer: Ptr, { ram, abi }: FormatContext): BrokenDown {
  const layout = abi.struct('rtc_time');
  const read = (name: string): number => ram.readI32(pointer + layout.offset(name));
  return { sec: read('tm_sec'), min: read('tm_min'), hour: read('tm_hour'), day: read('tm_mday'), month: read('tm_mon'), year: read('tm_year') };
}

const SECONDS_PER_DAY = 86400n;

/** Seconds since 1970 to the proleptic Gregorian calendar, by eras of 400 years that start in March. */
function brokenDown(seconds: bigint): BrokenDown {
  const days = (seconds - (((seconds % SECONDS_PER_DAY) + SECONDS_PER_DAY) % SECONDS_PER_DAY)) / SECONDS_PER_DAY;
  const rest = Number(seconds - days * SECONDS_PER_DAY);
  const sinceEra = Number(days) + 719468;
  const era = Math.floor(sinceEra / 146097);
  const dayOfEra = sinceEra - era * 146097;
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = (marchMonth + 2) % 12;
  const year = yearOfEra + era * 400 + (month <= 1 ? 1 : 0);
  return {
    sec: rest % 60, min: Math.floor(rest / 60) % 60, hour: Math.floor(rest / 3600),
    day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1, month, year: year - 1900,
  };
}

/** First letter: d date only, t time only. Then, in any order: r raw (month and year as stored), s a space for the T. */
function timeText(time: BrokenDown, options: string): string {
  const only = options[0] === 'd' || options[0] === 't' ? options[0] : '';
  const style = /^[rs]*/.exec(options.slice(only.length))![0];
  const isRaw = style.includes('r');
  const date = `${digits(time.year + (isRaw ? 0 : 1900), 4)}-${digits(time.month + (isRaw ? 0 : 1), 2)}-${digits(time.day, 2)}`;
  const clock = `${digits(time.hour, 2)}:${digits(time.min, 2)}:${digits(time.sec, 2)}`;
  if (only === 'd') return date;
  if (only === 't') return clock;
  return date + (style.includes('s') ? ' ' : 'T') + clock;
}

const digits = (value: number, width: number): string => BigInt.asUintN(64, BigInt(value)).toString().padStart(width, '0');
