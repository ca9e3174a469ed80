// The demo restaurant: Kololo Grill in Kampala. Prices in shillings (UGX has no decimals), VAT 18 % inside the price.
import type { Level } from '#shared/domain/level.ts';

export const DEMO_ORGANISATION = { name: 'Kololo Grill', currency: 'UGX' };
export const DEMO_BRANCH = {
  name: 'Kololo',
  zone: 'Africa/Kampala',
  dayStartHour: 5,
  stations: [
    { id: 'grill', name: 'Grill' },
    { id: 'kitchen', name: 'Kitchen' },
    { id: 'cold', name: 'Cold' },
    { id: 'bar', name: 'Bar' },
  ],
};

export const VAT = { code: 'VAT', ratePpm: 180_000, mode: 'inclusive' } as const;

export interface DemoPerson {
  staffId: string;
  name: string;
  level: Level;
  pin: string;
  /** People from L3 on also sign in to the cloud. */
  email?: string;
}

/** The first is the owner, whom the set-up makes. */
export const DEMO_OWNER = {
  name: 'Sarah Namutebi',
  level: 'L5',
  pin: '555555',
  email: 'sarah@kololo-grill.example',
} as const;
export const DEMO_PEOPLE: readonly DemoPerson[] = [
  { staffId: 'staff-okello', name: 'James Okello', level: 'L1', pin: '1111' },
  { staffId: 'staff-amina', name: 'Amina Nakato', level: 'L2', pin: '2222' },
  { staffId: 'staff-joseph', name: 'Joseph Mugisha', level: 'L2', pin: '2323' },
  { staffId: 'staff-brian', name: 'Brian Ssali', level: 'L3', pin: '3333', email: 'brian@kololo-grill.example' },
  { staffId: 'staff-grace', name: 'Grace Atim', level: 'L4', pin: '444444', email: 'grace@kololo-grill.example' },
];

export interface DemoItem {
  itemId: string;
  name: string;
  priceMinor: number;
  stationId: string;
  /** How often it is ordered, against the others. */
  weight: number;
}

export interface DemoCategory {
  categoryId: string;
  name: string;
  items: DemoItem[];
}

const item = (itemId: string, name: string, priceMinor: number, stationId: string, weight: number): DemoItem => ({
  itemId,
  name,
  priceMinor,
  stationId,
  weight,
});

export const DEMO_MENU: readonly DemoCategory[] = [
  {
    categoryId: 'starters',
    name: 'Starters',
    items: [
      item('samosa', 'Samosas (3)', 9_000, 'kitchen', 6),
      item('wings', 'Chicken Wings', 22_000, 'grill', 5),
      item('gizzards', 'Fried Gizzards', 18_000, 'kitchen', 3),
      item('avocado-salad', 'Avocado Salad', 15_000, 'cold', 3),
    ],
  },
  {
    categoryId: 'grill',
    name: 'Grill',
    items: [
      item('tilapia', 'Whole Tilapia', 48_000, 'grill', 6),
      item('beef-skewers', 'Beef Muchomo', 32_000, 'grill', 7),
      item('goat-skewers', 'Goat Muchomo', 35_000, 'grill', 6),
      item('pork-ribs', 'Pork Ribs', 42_000, 'grill', 5),
      item('half-chicken', 'Half Chicken', 34_000, 'grill', 8),
    ],
  },
  {
    categoryId: 'mains',
    name: 'Mains',
    items: [
      item('luwombo', 'Chicken Luwombo', 38_000, 'kitchen', 5),
      item('matooke', 'Matooke & Beef Stew', 26_000, 'kitchen', 6),
      item('pilau', 'Beef Pilau', 28_000, 'kitchen', 6),
      item('groundnut-fish', 'Fish in Groundnut Sauce', 36_000, 'kitchen', 3),
      item('veg-curry', 'Vegetable Curry', 24_000, 'kitchen', 3),
    ],
  },
  {
    categoryId: 'street',
    name: 'Street Food',
    items: [
      item('rolex', 'Rolex', 12_000, 'kitchen', 9),
      item('beef-burger', 'Beef Burger', 29_000, 'grill', 7),
      item('chicken-wrap', 'Chicken Wrap', 25_000, 'kitchen', 5),
    ],
  },
  {
    categoryId: 'sides',
    name: 'Sides',
    items: [
      item('chips', 'Chips', 10_000, 'kitchen', 14),
      item('gonja', 'Roast Gonja', 9_000, 'grill', 6),
      item('kachumbari', 'Kachumbari', 6_000, 'cold', 6),
      item('rice', 'Steamed Rice', 8_000, 'kitchen', 6),
    ],
  },
  {
    categoryId: 'drinks',
    name: 'Drinks',
    items: [
      item('passion-juice', 'Passion Juice', 9_000, 'bar', 12),
      item('soda', 'Soda', 5_000, 'bar', 14),
      item('water', 'Water 500 ml', 3_000, 'bar', 12),
      item('african-tea', 'African Tea', 7_000, 'bar', 6),
      item('beer', 'Lager 500 ml', 10_000, 'bar', 12),
      item('wine-glass', 'House Wine, Glass', 18_000, 'bar', 3),
      item('waragi-tonic', 'Waragi & Tonic', 16_000, 'bar', 4),
    ],
  },
  {
    categoryId: 'desserts',
    name: 'Desserts',
    items: [
      item('fruit-platter', 'Fruit Platter', 14_000, 'cold', 4),
      item('ice-cream', 'Ice Cream', 12_000, 'cold', 4),
      item('banana-fritters', 'Banana Fritters', 11_000, 'kitchen', 3),
    ],
  },
];

/** Tables as they stand in the room, in a grid of 100 × 100. */
export const DEMO_TABLES = [
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((n) => ({
    tableId: `table-${n}`,
    name: `${n}`,
    seats: n % 3 === 0 ? 6 : 4,
    area: 'Inside',
    x: 10 + ((n - 1) % 4) * 20,
    y: 15 + Math.floor((n - 1) / 4) * 25,
  })),
  ...[1, 2, 3, 4].map((n) => ({
    tableId: `terrace-${n}`,
    name: `T${n}`,
    seats: 4,
    area: 'Terrace',
    x: 10 + (n - 1) * 20,
    y: 75,
  })),
  ...[1, 2].map((n) => ({ tableId: `bar-${n}`, name: `Bar ${n}`, seats: 2, area: 'Bar', x: 92, y: 20 + (n - 1) * 25 })),
];

/** Amounts in thousandths of the unit. Some stand just above their reorder level, one below. */
export const DEMO_STOCK = [
  { stockItemId: 'tilapia', name: 'Tilapia', unit: 'kg', reorderLevelMilli: 15_000, onHandMilli: 42_000 },
  { stockItemId: 'chicken', name: 'Chicken', unit: 'kg', reorderLevelMilli: 20_000, onHandMilli: 21_500 },
  { stockItemId: 'beef', name: 'Beef', unit: 'kg', reorderLevelMilli: 15_000, onHandMilli: 33_000 },
  { stockItemId: 'goat', name: 'Goat', unit: 'kg', reorderLevelMilli: 10_000, onHandMilli: 10_500 },
  { stockItemId: 'pork-ribs', name: 'Pork Ribs', unit: 'kg', reorderLevelMilli: 8_000, onHandMilli: 6_000 },
  { stockItemId: 'potatoes', name: 'Potatoes', unit: 'kg', reorderLevelMilli: 40_000, onHandMilli: 95_000 },
  { stockItemId: 'matooke', name: 'Matooke', unit: 'bunch', reorderLevelMilli: 5_000, onHandMilli: 12_000 },
  { stockItemId: 'rice', name: 'Rice', unit: 'kg', reorderLevelMilli: 25_000, onHandMilli: 60_000 },
  { stockItemId: 'cooking-oil', name: 'Cooking Oil', unit: 'l', reorderLevelMilli: 20_000, onHandMilli: 22_000 },
  { stockItemId: 'lager', name: 'Lager 500 ml', unit: 'bottle', reorderLevelMilli: 96_000, onHandMilli: 240_000 },
  { stockItemId: 'soda', name: 'Soda', unit: 'bottle', reorderLevelMilli: 72_000, onHandMilli: 180_000 },
  { stockItemId: 'charcoal', name: 'Charcoal', unit: 'bag', reorderLevelMilli: 4_000, onHandMilli: 9_000 },
];
