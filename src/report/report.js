/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page of a summary: sorts and filters the table that stands in it, and
 * draws a dump's evidence when its row is opened.  All text goes in as text:
 * the page's policy lets nothing be parsed as HTML.
 */
'use strict';
(() => {

const byId = id => document.getElementById(id);
const schema = JSON.parse(byId('schema').textContent);
const ranks = Object.keys(schema.verdicts);
const table = byId('dumps');
const body = table.tBodies[0];
const headers = [...table.tHead.rows[0].cells];
const column = Object.create(null);
headers.forEach((header, i) => { column[header.className.slice(2)] = i; });
const collator = new Intl.Collator('en', { numeric: true });
const OPEN_MAX = 20;		/* rows that a link opens */
const LANES_MIN = 19;		/* up to XTILEDATA */
const OPTIONS_MAX = 500;
const PAGE = 200;		/* rows that are in the page at first, and more as one goes on */

const rows = [...body.rows].map((tr, i) => ({
	tr, button: tr.cells[0].firstChild, place: i, detail: null,
	cells: [...tr.cells].map(cell => cell.textContent),
}));
for (const row of rows) {
	row.cells[0] = row.cells[0].split(' ').pop();
	/* without the mark of a copy */
	row.cells[1] = [...row.tr.cells[1].children].slice(0, 2).map(piece => piece.textContent).join('');
	row.text = row.cells.join('\n').toLowerCase();
	row.tr.row = row;
}

/* making elements */

function make(name, attributes, ...children)
{
	const element = document.createElement(name);

	for (const key in attributes)
		if (attributes[key] !== null && attributes[key] !== undefined)
			element.setAttribute(key, attributes[key]);
	element.append(...children.filter(child => child !== null && child !== undefined));
	return element;
}

function draw(name, attributes, text)
{
	const element = document.createElementNS('http://www.w3.org/2000/svg', name);

	for (const key in attributes)
		element.setAttribute(key, attributes[key]);
	if (text !== undefined)
		element.textContent = text;
	return element;
}

/* state: filter, sort order and open rows; kept in the fragment of the page's URL */

const state = { q: '', kernel: '', host: '', fix: '', verdicts: new Set(), sort: '', open: new Set() };

function readHash()
{
	const hash = new URLSearchParams(location.hash.slice(1));

	for (const key of ['q', 'kernel', 'host', 'fix'])
		state[key] = hash.get(key) || '';
	state.verdicts = new Set(hash.getAll('verdict').filter(verdict => ranks.includes(verdict)));
	state.sort = (hash.get('sort') || '').replace(/[^a-z_-]/g, '');
	state.open = new Set(hash.getAll('open').slice(0, OPEN_MAX));
}

function writeHash()
{
	const hash = new URLSearchParams();

	for (const verdict of state.verdicts)
		hash.append('verdict', verdict);
	for (const key of ['q', 'kernel', 'host', 'fix', 'sort'])
		if (state[key])
			hash.set(key, state[key]);
	for (const path of [...state.open].slice(-OPEN_MAX))
		hash.append('open', path);
	try {
		history.replaceState(null, '', '#' + hash);
	} catch (error) {
		/* a page inside a frame may not; then there is no link */
	}
}

/* filtering and sorting */

function has(row, name, wanted)
{
	return !wanted || row.cells[column[name]].toLowerCase().includes(wanted.toLowerCase());
}

function matches(row)
{
	return (!state.verdicts.size || state.verdicts.has(row.cells[0])) &&
	       (!state.fix || row.cells[column.fix] === state.fix) &&
	       has(row, 'release', state.kernel) && has(row, 'nodename', state.host) &&
	       (!state.q || row.text.includes(state.q.toLowerCase()));
}

function comparator(name)
{
	const i = column[name];

	if (name === 'verdict')
		return (a, b) => ranks.indexOf(a.cells[0]) - ranks.indexOf(b.cells[0]);
	/* what is not known comes last */
	return (a, b) => !a.cells[i] - !b.cells[i] || collator.compare(a.cells[i], b.cells[i]);
}

let sorted = '';
let found = [];		/* the rows that match, in order */
let shown = 0;		/* how many of them are in the page */

function sortRows()
{
	const down = state.sort.startsWith('-');
	const name = state.sort.replace(/^-/, '');
	const compare = name in column ? comparator(name) : () => 0;

	if (sorted === state.sort)
		return;
	sorted = state.sort;
	rows.sort((a, b) => (down ? compare(b, a) : compare(a, b)) || a.place - b.place);
	headers.forEach((header, i) => {
		const word = down ? 'descending' : 'ascending';

		header.setAttribute('aria-sort', column[name] === i ? word : 'none');
	});
}

/* a browser takes its time over thousands of rows, so only those in sight are in the page */
function show(count)
{
	const pieces = document.createDocumentFragment();

	for (; shown < found.length && count > 0; shown++, count--) {
		const row = found[shown];

		row.button.setAttribute('aria-label', `${row.cells[0]}: ${row.cells[1]}`);
		pieces.append(row.tr);
		if (row.detail)
			pieces.append(row.detail);
	}
	body.append(pieces);
	byId('more').hidden = shown === found.length;
}

function apply()
{
	sortRows();
	found = rows.filter(matches);
	shown = 0;
	body.replaceChildren();
	show(PAGE);
	byId('shown').textContent = found.length === rows.length ?
		`${rows.length} dump${rows.length === 1 ? '' : 's'}` : `${found.length} of ${rows.length} dumps`;
	if (rows.length)
		byId('empty').hidden = found.length > 0;
	for (const button of document.querySelectorAll('[data-verdict]'))
		button.setAttribute('aria-pressed', state.verdicts.has(button.dataset.verdict));
	for (const key of ['q', 'kernel', 'host', 'fix'])
		if (byId('f-' + key).value !== state[key])
			byId('f-' + key).value = state[key];
}

function changed()
{
	writeHash();
	apply();
}

/* the XSAVE lanes */

const CELL = 20, LANE = 16, GAP = 3;

function mask(value)
{
	return typeof value === 'string' && /^0x[0-9a-f]{1,16}$/.test(value) ? BigInt(value) : null;
}

function bits(value)
{
	const list = [];

	for (let i = 0; i < schema.components.length; i++)
		if (value >> BigInt(i) & 1n)
			list.push(i);
	return list;
}

function names(value)
{
	return bits(value).map(i => schema.components[i] === '?' ? `component ${i}` : schema.components[i]).join(', ') || 'none';
}

function laneCount(vcpus)
{
	let all = 0n;

	for (const vcpu of vcpus)
		all |= (mask(vcpu.xstate_bv) || 0n) | (mask(vcpu.xfd) || 0n);
	return Math.max(LANES_MIN, ...bits(all).map(i => i + 1));
}

/* numbers and names above the lanes */
function ruler(count)
{
	const height = 78;
	const svg = draw('svg', { class: 'ruler', width: count * CELL + 50, height, 'aria-hidden': true });

	for (let i = 0; i < count; i++) {
		const x = i * CELL + CELL / 2, name = schema.components[i];

		svg.append(draw('text', { x, y: height - 3, class: 'number' }, i));
		if (name !== '?')
			svg.append(draw('text', { class: 'name', transform: `translate(${x + 3} ${height - 16}) rotate(-55)` }, name));
	}
	return svg;
}

function lane(svg, value, count, y)
{
	for (let i = 0; i < count; i++) {
		const x = i * CELL;

		if (value >> BigInt(i) & 1n)
			svg.append(draw('rect', { class: 'set', x: x + 2, y, width: CELL - 4, height: LANE, rx: 2 }));
		else
			svg.append(draw('circle', { class: 'unset', cx: x + CELL / 2, cy: y + LANE / 2, r: 1.5 }));
	}
}

function lanes(xstate, xfd, mismatch, count)
{
	const svg = draw('svg', {
		class: 'lanes', width: count * CELL, height: 2 * LANE + GAP + 14, role: 'img',
		'aria-label': `XSTATE_BV has ${names(xstate)}. XFD has ${names(xfd)}. In both: ${names(mismatch)}.`,
	});

	lane(svg, xstate, count, 2);
	lane(svg, xfd, count, 2 + LANE + GAP);
	for (const i of bits(mismatch)) {
		svg.append(draw('rect', {
			class: 'both', x: i * CELL + 0.5, y: 0.5, width: CELL - 1, height: 2 * LANE + GAP + 3, rx: 3,
		}), draw('text', { class: 'both', x: i * CELL + CELL / 2, y: 2 * LANE + GAP + 14 }, '\u25b2'));
	}
	return svg;
}

/* pieces of the evidence */

function words(value)
{
	return value === true ? 'yes' : value === false ? 'no' : String(value);
}

function section(heading, ...content)
{
	return make('section', {}, make('h3', {}, heading), ...content);
}

/* a store may lack anything */
function known(value)
{
	return value === undefined ? '' : value;
}

function list(heading, items)
{
	if (!Array.isArray(items) || !items.length)
		return null;
	return section(heading, make('ul', {}, ...items.map(item => make('li', {}, item))));
}

function facts(fields, values)
{
	const dl = make('dl', {});

	for (const [key, heading, help] of fields)
		if (values && values[key] !== undefined)
			dl.append(make('dt', { title: help }, heading), make('dd', {}, words(values[key])));
	return dl;
}

function factsSection(heading, fields, values)
{
	const dl = facts(fields, values);

	return dl.childElementCount ? section(heading, dl) : null;
}

function missing(items)
{
	return list('Missing', (items || []).map(item => {
		const piece = make('span', {}, make('b', {}, known(item.what)), ': ', known(item.why));

		if (item.remedy)
			piece.append(make('p', {}, 'What to do: ', item.remedy));
		return piece;
	}));
}

function eventLine(event)
{
	const time = typeof event.nsec === 'number' ? (event.nsec / 1e9).toFixed(6) : '';

	return `[${time.padStart(13)}] ${known(event.text)}`;
}

function lines(heading, items)
{
	if (!Array.isArray(items) || !items.length)
		return null;
	return section(heading, make('pre', { tabindex: 0, 'aria-label': heading }, items.join('\n')));
}

function threadOf(vcpu)
{
	const thread = vcpu.thread;
	const place = thread && thread.on_cpu && thread.cpu !== undefined ? ` on CPU ${thread.cpu}` : '';

	return (thread ? `${known(thread.pid)} ${known(thread.comm)}${place}` : 'not known') + (vcpu.in_use ? ', in use' : '');
}

function vcpuRow(vcpu, count)
{
	const xstate = mask(vcpu.xstate_bv), xfd = mask(vcpu.xfd), mismatch = mask(vcpu.mismatch) || 0n;
	const stateName = vcpu.state || 'unknown';
	const tr = make('tr', { class: vcpu.culprit === true ? 'culprit' : null },
		make('th', { scope: 'row' }, `${known(vcpu.id)}`, vcpu.culprit === true ? make('p', {}, 'faulted') : null),
		make('td', {}, make('span', { class: 'state s-' + stateName }, stateName),
		     make('p', {}, known(vcpu.state_why)),
		     mismatch ? make('p', { class: 'bad' }, `${names(mismatch)} in both`) : null));
	const more = make('details', {}, make('summary', {}, 'all fields'), facts(schema.vcpu, vcpu),
		vcpu.thread ? make('h4', {}, 'thread') : null, vcpu.thread ? facts(schema.thread, vcpu.thread) : null);

	if (xstate === null || xfd === null) {
		tr.append(make('td', { colspan: 2, class: 'unread' }, vcpu.error || 'its state is not known'));
	} else {
		tr.append(make('td', { class: 'masks' }, make('div', {}, 'XSTATE_BV ', make('b', {}, vcpu.xstate_bv)),
			       make('div', {}, 'XFD ', make('b', {}, vcpu.xfd))),
			  make('td', {}, lanes(xstate, xfd, mismatch, count)));
	}
	tr.append(make('td', {}, threadOf(vcpu), more));
	return tr;
}

function vmSection(vm)
{
	const vcpus = vm.vcpus || [];
	const count = laneCount(vcpus);
	const title = [make('b', {}, `VM ${known(vm.kvm)}`), vm.pid !== undefined ? ` pid ${vm.pid}` : '',
		vm.comm ? ` ${vm.comm}` : '',
		vm.complete === false ? `, not all of its ${known(vm.online_vcpus)} vCPUs were found` : '',
		vm.bugged ? ', bugged: KVM gave this VM up' : ''];
	const body_ = make('tbody', {}, ...vcpus.map(vcpu => vcpuRow(vcpu, count)));
	const head = make('tr', {}, make('th', { scope: 'col' }, 'vCPU'), make('th', { scope: 'col' }, 'state'),
		make('th', { scope: 'col' }, 'mask'), make('th', { scope: 'col', 'aria-label': 'components' }, ruler(count)),
		make('th', { scope: 'col' }, 'thread'));
	const box = make('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': `VM ${known(vm.kvm)}` },
		vcpus.length ? make('table', { class: 'vcpus' }, make('caption', {}, ...title), make('thead', {}, head), body_) :
		make('p', {}, ...title, vm.complete === false ? '' : ', no vCPUs'));

	if (vm.more)
		box.append(make('p', { class: 'note' }, `and ${vm.more} more vCPUs; xfdtriage show lists them all`));
	return box;
}

function vms(data)
{
	if (!Array.isArray(data.vms) || !data.vms.length)
		return null;
	return section('VMs and vCPUs', ...data.vms.map(vmSection),
		data.more ? make('p', { class: 'note' }, `and ${data.more} more VMs`) : null);
}

function upgrade(kernel)
{
	if (!kernel || !kernel.fixed_in)
		return null;
	const present = kernel.fix === 'present';
	const patched = kernel.livepatched ? ' Livepatches are loaded, which can replace it.' : '';

	return section(present ? 'The fix' : 'What to upgrade to', make('p', {}, kernel.fixed_in),
		present || !kernel.vendor ? null : make('p', {}, `${kernel.vendor}: ` +
			(kernel.vendor_fixed_in ? `in ${kernel.vendor_fixed_in}` : known(kernel.vendor_state)) +
			` (as of ${known(kernel.vendor_date)})`),
		make('p', { class: 'dim' }, present ? `The code of this kernel has it.${patched}` :
			`The fix is ${kernel.fix || 'unknown'} in the code of this kernel.${patched}` +
			' Vendors backport: what their advisory says counts.'));
}

function evidence(row)
{
	const data = JSON.parse(row.tr.querySelector('script').textContent);
	const panic = data.panic || {}, verdict = row.cells[0];
	const article = make('article', { 'aria-label': row.cells[1] });
	const headline = make('p', { class: 'headline' }, make('b', {}, verdict), ': ', schema.verdicts[verdict] || '',
		data.route ? ` (route ${data.route})` : '');
	const sides = (left, right) => make('div', { class: 'sides' }, make('div', {}, ...left.filter(Boolean)),
		make('div', {}, ...right.filter(Boolean)));

	article.append(headline, make('p', { class: 'path' }, row.cells[1]), sides([
		data.error ? section('Error', make('p', {}, data.error)) : null,
		data.changed ? section('Evidence', make('p', {}, 'Looked at again while this page was written; write it again.')) : null,
		list('Why', data.why), list('Looks like', data.looks_like), missing(data.missing),
	], [
		list('Likely origin', data.origins), upgrade(data.kernel),
	]), vms(data) || '', sides([
		lines('In the log', (panic.events || []).map(eventLine)),
		lines('Call trace', panic.trace),
		lines('Check it by hand in crash(8)', data.check),
	], [
		factsSection('Kernel', schema.kernel, data.kernel), factsSection('Panic', schema.panic, panic),
		factsSection('Fault', schema.fault, panic.fault), factsSection('Sources', schema.sources, data.sources),
		factsSection('Dump', schema.dump, data.dump),
	]));
	return article;
}

/* opening rows */

/* a narrow page hides some, and must not keep room for them */
function visibleColumns()
{
	return headers.filter(header => header.offsetWidth).length;
}

window.addEventListener('resize', () => {
	for (const row of rows)
		if (row.detail)
			row.detail.cells[0].colSpan = visibleColumns();
});

function detailOf(row)
{
	const cell = make('td', { colspan: visibleColumns() });
	const detail = make('tr', { class: 'detail ' + row.tr.className, id: 'detail-' + row.place }, cell);

	try {
		cell.append(evidence(row));
	} catch (error) {
		cell.append(make('p', { class: 'note' }, 'The evidence of this dump cannot be shown: ' + error.message));
	}
	return detail;
}

function open(row)
{
	if (row.detail)
		return;
	row.detail = detailOf(row);
	row.tr.after(row.detail);
	row.button.setAttribute('aria-expanded', true);
	row.button.setAttribute('aria-controls', row.detail.id);
	row.tr.classList.add('open');
}

function close(row)
{
	if (!row.detail)
		return;
	row.detail.remove();
	row.detail = null;
	row.button.setAttribute('aria-expanded', false);
	row.button.removeAttribute('aria-controls');
	row.tr.classList.remove('open');
}

function toggle(row)
{
	const path = row.cells[1];

	if (row.detail) {
		close(row);
		state.open.delete(path);
	} else {
		open(row);
		state.open.add(path);
	}
	writeHash();
}

function openAsLinked()
{
	for (const row of rows) {
		if (state.open.has(row.cells[1]))
			open(row);
		else
			close(row);
	}
	/* what a link opens is in the page, however far down */
	show(1 + found.findLastIndex(row => row.detail) - shown);
}

function move(row, step)
{
	const next = found[found.indexOf(row) + step];

	if (!next)
		return;
	if (!next.tr.isConnected)
		show(PAGE);
	next.button.focus();
}

/* what people do */

body.addEventListener('click', event => {
	const tr = event.target.closest('tr');

	/* text that was just selected is wanted, not the row */
	if (!tr || !tr.row || (!event.target.closest('button') && String(getSelection())))
		return;
	toggle(tr.row);
});

body.addEventListener('keydown', event => {
	const tr = event.target.closest('#dumps > tbody > tr');
	const row = tr && (tr.row || rows.find(candidate => candidate.detail === tr));

	if (!row || event.altKey || event.ctrlKey || event.metaKey)
		return;
	if (event.key === 'Escape' && row.detail) {
		toggle(row);
		row.button.focus();
	} else if (event.target === row.button && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
		event.preventDefault();
		move(row, event.key === 'ArrowDown' ? 1 : -1);
	}
});

for (const header of headers) {
	const name = header.className.slice(2);
	const button = make('button', { type: 'button' }, header.textContent);

	button.addEventListener('click', () => {
		state.sort = state.sort === name ? '-' + name : name;
		changed();
	});
	header.replaceChildren(button);
	header.setAttribute('aria-sort', 'none');
}

for (const button of document.querySelectorAll('[data-verdict]')) {
	button.addEventListener('click', () => {
		if (!state.verdicts.delete(button.dataset.verdict))
			state.verdicts.add(button.dataset.verdict);
		changed();
	});
}

let timer = 0;
for (const key of ['q', 'kernel', 'host', 'fix']) {
	byId('f-' + key).addEventListener('input', event => {
		clearTimeout(timer);
		timer = setTimeout(() => {
			state[key] = event.target.value;
			changed();
		}, rows.length > 1000 ? 150 : 0);
	});
}

byId('filters').addEventListener('submit', event => event.preventDefault());

byId('clear').addEventListener('click', () => {
	for (const key of ['q', 'kernel', 'host', 'fix', 'sort'])
		state[key] = '';
	state.verdicts.clear();
	changed();
});

function offer(id, name, element)
{
	const values = [...new Set(rows.map(row => row.cells[column[name]]))].filter(Boolean);

	values.sort(collator.compare);
	element(byId(id), values.slice(0, OPTIONS_MAX));
}

offer('kernels', 'release', (datalist, values) => datalist.append(...values.map(value => make('option', { value }))));
offer('hosts', 'nodename', (datalist, values) => datalist.append(...values.map(value => make('option', { value }))));
offer('f-fix', 'fix', (select, values) => select.append(...values.map(value => make('option', { value }, value))));

function follow()
{
	readHash();
	apply();
	openAsLinked();
}

window.addEventListener('hashchange', follow);
window.addEventListener('beforeprint', () => show(found.length));
byId('more').addEventListener('click', () => show(PAGE));
new IntersectionObserver(entries => {
	if (entries.some(entry => entry.isIntersecting))
		show(PAGE);
}, { rootMargin: '1000px' }).observe(byId('more'));

document.documentElement.classList.remove('plain', 'loading');
follow();

})();
