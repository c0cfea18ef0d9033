/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/names.h"

#include <string.h>

#define MIN_SLOTS 4096u

/* FNV-1a over the folder and the bytes, then mixed, as only the low bits choose a slot. */
static uint32_t hash_of(uint32_t dir, const char *name, uint8_t len)
{
	uint32_t h = dir * 2654435761u ^ 2166136261u;

	for (uint8_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)name[i]) * 16777619u;
	h ^= h >> 16;
	h *= 0x7feb352du;
	return h ^ h >> 15;
}

static bool same(const struct mkd_names *t, const struct mkd_name *e, uint32_t dir,
		 const char *name, uint8_t len)
{
	return e->dir == dir && e->len == len && memcmp(t->text + e->text, name, len) == 0;
}

/* The slot of the name, or the free one where it belongs; there is one as half are free. */
static size_t slot_of(const struct mkd_names *t, uint32_t hash, const struct mkd_name *key,
		      const char *name)
{
	size_t i = hash & (t->n_slots - 1);

	while (t->slot[i]) {
		const struct mkd_name *e = &t->v[t->slot[i] - 1];

		if (e->hash == hash && same(t, e, key->dir, name, key->len))
			break;
		i = (i + 1) & (t->n_slots - 1);
	}
	return i;
}

struct mkd_name *mkd_names_find(const struct mkd_names *t, uint32_t dir, const char *name,
				uint8_t len)
{
	const struct mkd_name key = { .dir = dir, .len = len };
	uint32_t i;

	if (!t->n_slots)
		return NULL;
	i = t->slot[slot_of(t, hash_of(dir, name, len), &key, name)];
	return i && t->v[i - 1].ino ? &t->v[i - 1] : NULL;
}

static bool grow_slots(struct mkd_names *t)
{
	size_t n = t->n_slots ? t->n_slots * 2 : MIN_SLOTS;
	uint32_t *slot;

	if (t->n * 2 < t->n_slots)
		return true;
	slot = calloc(n, sizeof(*slot));
	if (!slot)
		return false;
	for (size_t i = 0; i < t->n; i++) {
		size_t at = t->v[i].hash & (n - 1);

		while (slot[at])
			at = (at + 1) & (n - 1);
		slot[at] = (uint32_t)i + 1;
	}
	free(t->slot);
	t->slot = slot;
	t->n_slots = n;
	return true;
}

static bool grow_entries(struct mkd_names *t, uint8_t len)
{
	if (t->n == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 4096;
		struct mkd_name *v = reallocarray(t->v, cap, sizeof(*v));

		if (!v)
			return false;
		t->v = v;
		t->cap = cap;
	}
	if (t->text_len + len > t->text_cap) {
		size_t cap = t->text_cap ? t->text_cap * 2 : 65536;
		char *text = cap <= UINT32_MAX ? realloc(t->text, cap) : NULL;

		if (!text)
			return false;
		t->text = text;
		t->text_cap = cap;
	}
	return true;
}

int mkd_names_set(struct mkd_names *t, const struct mkd_name *e, const char *name,
		  struct mkd_err *err)
{
	uint32_t hash = hash_of(e->dir, name, e->len);
	size_t slot;

	if (!grow_slots(t))
		return mkd_nomem(err);
	slot = slot_of(t, hash, e, name);
	if (t->slot[slot]) {
		struct mkd_name *old = &t->v[t->slot[slot] - 1];

		old->ino = e->ino;
		old->ftype = e->ftype;
		return 0;
	}
	if (!grow_entries(t, e->len))
		return mkd_nomem(err);
	memcpy(t->text + t->text_len, name, e->len);
	t->v[t->n] = *e;
	t->v[t->n].hash = hash;
	t->v[t->n].text = (uint32_t)t->text_len;
	t->text_len += e->len;
	t->slot[slot] = (uint32_t)++t->n;
	return 0;
}

void mkd_names_free(struct mkd_names *t)
{
	free(t->v);
	free(t->text);
	free(t->slot);
	*t = (struct mkd_names){ 0 };
}
