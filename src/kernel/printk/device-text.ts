// How messages name a device: `DRIVER DEVICE: ...`, and the dictionary that /dev/kmsg adds. Linux: drivers/base/core.c.

import type { Abi } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { RecordDevice } from './record.ts';

export class DeviceNames {
  readonly #ram: Ram;
  readonly #abi: Abi;
  constructor(ram: Ram, abi: Abi) {
    this.#ram = ram;
    this.#abi = abi;
  }

  /** dev_driver_string(): the driver's name, else the bus's, else the class's. Address of the string, 0 for none. */
  driverString(device: Ptr<'device'>): Ptr<'char'> {
    const driver = this.#pointer(device, 'device', 'driver');
    if (driver !== 0) return this.#pointer(driver, 'device_driver', 'name');
    const bus = this.#pointer(device, 'device', 'bus');
    if (bus !== 0) return this.#pointer(bus, 'bus_type', 'name');
    const deviceClass = this.#pointer(device, 'device', 'class');
    return deviceClass === 0 ? 0 : this.#pointer(deviceClass, 'class', 'name');
  }
  /** dev_name(). */
  name(device: Ptr<'device'>): Ptr<'char'> {
    return this.#pointer(device, 'device', 'init_name') || this.#pointer(device, 'device', 'kobj.name');
  }

  /** `platform t_fmt_dev: `, the start of every message about the device. */
  prefix(device: Ptr<'device'>): string {
    const name = this.name(device);
    const driver = this.driverString(device);
    return `${driver === 0 ? '' : this.#ram.cstring(driver)} ${name === 0 ? '(null)' : this.#ram.cstring(name)}: `;
  }

  /** SUBSYSTEM= and DEVICE= of /dev/kmsg; nothing for a device without class and bus. */
  record(device: Ptr<'device'>): RecordDevice | undefined {
    const deviceClass = this.#pointer(device, 'device', 'class');
    const bus = deviceClass === 0 ? this.#pointer(device, 'device', 'bus') : 0;
    if (deviceClass === 0 && bus === 0) return undefined;
    const subsystem = this.#ram.cstring(deviceClass === 0 ? this.#pointer(bus, 'bus_type', 'name') : this.#pointer(deviceClass, 'class', 'name'));
    const number = this.#ram.readU32(device + this.#abi.struct('device').offset('devt'));
    return { subsystem, device: number >>> 20 === 0 ? `+${subsystem}:${this.#text(this.name(device))}` : deviceNumber(subsystem, number) };
  }

  #text(address: Ptr<'char'>): string { return address === 0 ? '' : this.#ram.cstring(address); }
  #pointer(base: Ptr, struct: string, field: string): Ptr { return this.#ram.readPtr(base + this.#abi.struct(struct).offset(field)); }
}

/** dev_t: 12 bits major, 20 bits minor. */
const deviceNumber = (subsystem: string, number: number): string => `${subsystem === 'block' ? 'b' : 'c'}${number >>> 20}:${number & 0xf_ffff}`;
