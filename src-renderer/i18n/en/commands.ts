/** What each command is called when people read about it, by its name. */
export const commands = {
  order: {
    open: 'Order opened',
    addLine: 'Item added',
    changeLine: 'Item changed',
    removeLine: 'Item removed',
    send: 'Sent to the kitchen',
    voidLine: 'Item voided',
    void: 'Order voided',
    close: 'Order closed',
  },
  payment: { take: 'Payment', reverse: 'Payment reversed', refund: 'Refund' },
  ticket: {
    start: 'Ticket started',
    bumpLine: 'Ticket line done',
    bump: 'Ticket done',
    recall: 'Ticket recalled',
    serve: 'Served',
  },
  shift: { open: 'Shift opened', close: 'Shift closed', noSale: 'Drawer opened without a sale' },
  session: { seat: 'Guests seated', clear: 'Table cleared' },
  table: { save: 'Table saved' },
  menu: {
    saveCategory: 'Category saved',
    saveItem: 'Menu item saved',
    removeItem: 'Menu item removed',
    set86: 'Sold-out mark changed',
  },
  stock: { saveItem: 'Stock item saved', adjust: 'Stock adjusted' },
  anomaly: { resolve: 'Task done' },
  refusal: { decide: 'Refusal decided' },
  staff: { save: 'Person saved', setPin: 'PIN changed' },
};
