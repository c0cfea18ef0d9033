/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/credentials.h"

#include <errno.h>
#include <string.h>

#define CRYPT64 "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define BASE64  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

/* Does s consist of from..to characters of CRYPT64? */
static bool crypt64(const char *s, size_t len, size_t from, size_t to)
{
	if (len < from || len > to)
		return false;
	for (; len; len--)
		if (!*s || !strchr(CRYPT64, *s++))
			return false;
	return true;
}

/* What follows the prefix; field by field, "$" between: crypt(5), libxcrypt 4.4. */
static bool sha_rest(const char *s, size_t hash_len)
{
	size_t len;

	if (strncmp(s, "rounds=", 7) == 0) {
		len = strspn(s + 7, "0123456789");
		if (len < 4 || len > 9 || s[7 + len] != '$')
			return false;
		s += 7 + len + 1;
	}
	len = strcspn(s, "$");
	return len <= 16 && s[len] == '$' &&
	       crypt64(s + len + 1, strlen(s + len + 1), hash_len, hash_len);
}

/* yescrypt: $y$ parameters $ salt $ hash of 43 */
static bool yescrypt_rest(const char *s)
{
	size_t params = strcspn(s, "$"), salt;

	if (s[params] != '$' || !crypt64(s, params, 1, 64))
		return false;
	s += params + 1;
	salt = strcspn(s, "$");
	return s[salt] == '$' && crypt64(s, salt, 0, 86) &&
	       crypt64(s + salt + 1, strlen(s + salt + 1), 43, 43);
}

/* bcrypt: cost $ 22 of salt and 31 of hash */
static bool bcrypt_rest(const char *s)
{
	return s[0] >= '0' && s[0] <= '3' && s[1] >= '0' && s[1] <= '9' && s[2] == '$' &&
	       crypt64(s + 3, strlen(s + 3), 53, 53);
}

/* scrypt: 11 of parameters and the salt $ hash of 43 */
static bool scrypt_rest(const char *s)
{
	size_t salt = strcspn(s, "$");

	return s[salt] == '$' && crypt64(s, salt, 11, 97) &&
	       crypt64(s + salt + 1, strlen(s + salt + 1), 43, 43);
}

enum method { NO_HASH, WEAK, SHA256, SHA512, YESCRYPT, BCRYPT, SCRYPT };

static const struct {
	const char *prefix;
	enum method method;
} methods[] = {
	{ "$y$", YESCRYPT }, { "$gy$", YESCRYPT }, { "$6$", SHA512 },  { "$5$", SHA256 },
	{ "$2a$", BCRYPT },  { "$2b$", BCRYPT },   { "$2y$", BCRYPT }, { "$7$", SCRYPT },
	{ "$1$", WEAK },     { "$md5", WEAK },     { "$3$", WEAK },    { "$sha1$", WEAK },
};

static enum method method_of(const char *text, const char **rest)
{
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		size_t len = strlen(methods[i].prefix);

		if (strncmp(text, methods[i].prefix, len) == 0) {
			*rest = text + len;
			return methods[i].method;
		}
	}
	return NO_HASH;
}

bool mkd_password_is_hash(const char *text)
{
	const char *rest = text;

	if (strcspn(text, ":\n") != strlen(text))
		return false;
	switch (method_of(text, &rest)) {
	case SHA256:
		return sha_rest(rest, 43);
	case SHA512:
		return sha_rest(rest, 86);
	case YESCRYPT:
		return yescrypt_rest(rest);
	case BCRYPT:
		return bcrypt_rest(rest);
	case SCRYPT:
		return scrypt_rest(rest);
	case WEAK:
	case NO_HASH:
		break;
	}
	return false;
}

int mkd_password_check(const char *text, const char *origin, struct mkd_err *err)
{
	const char *rest;

	if (!*text)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"%s: the password is empty; leave the option out to keep root's "
				"password as the tarball has it",
				origin);
	if (strlen(text) > MKD_PASSWORD_MAX)
		return mkd_fail(err, MKD_EXIT_USAGE, E2BIG,
				"%s: the password is longer than %d bytes", origin,
				MKD_PASSWORD_MAX);
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
					"%s: the password has a control character in it; give it "
					"on one line",
					origin);
	if (strcmp(text, "!") == 0 || strcmp(text, "!!") == 0 || strcmp(text, "*") == 0 ||
	    strcmp(text, "x") == 0 || strncmp(text, "root:", 5) == 0)
		return mkd_fail(
			err, MKD_EXIT_USAGE, EINVAL,
			"%s: this looks like a piece of shadow(5), not like a password; give a "
			"password or a hash alone",
			origin);
	switch (method_of(text, &rest)) {
	case NO_HASH:
		return 0;
	case WEAK:
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"%s: this password hash is by a method that is broken; make one "
				"with 'openssl passwd -6' or 'mkpasswd'",
				origin);
	default:
		break;
	}
	if (!mkd_password_is_hash(text))
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"%s: this begins as a crypt(5) hash does, but is not a whole one; "
				"was it cut, or its '$' taken by a shell?",
				origin);
	return 0;
}

/* Types of sshd 9, openssh's PROTOCOL and ssh-keygen(1); ssh-dss is not taken by any sshd of now.
 */
static const char *const key_types[] = {
	"ssh-ed25519",
	"ssh-rsa",
	"ecdsa-sha2-nistp256",
	"ecdsa-sha2-nistp384",
	"ecdsa-sha2-nistp521",
	"sk-ssh-ed25519@openssh.com",
	"sk-ecdsa-sha2-nistp256@openssh.com",
	"ssh-ed25519-cert-v01@openssh.com",
	"ssh-rsa-cert-v01@openssh.com",
	"ecdsa-sha2-nistp256-cert-v01@openssh.com",
};

static const char *key_type(const char *s, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(key_types); i++)
		if (strlen(key_types[i]) == len && memcmp(key_types[i], s, len) == 0)
			return key_types[i];
	return NULL;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static size_t word_len(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && !blank(s[n]))
		n++;
	return n;
}

static size_t blanks_len(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && blank(s[n]))
		n++;
	return n;
}

/* Options end at the first blank outside double quotes; 0 when a quote is not closed. */
static size_t options_len(const char *s, size_t len)
{
	bool quoted = false;
	size_t n = 0;

	for (; n < len && (quoted || !blank(s[n])); n++) {
		if (s[n] == '\\' && n + 1 < len && s[n + 1] == '"')
			n++;
		else if (s[n] == '"')
			quoted = !quoted;
	}
	return quoted ? 0 : n;
}

/* The blob begins with its type as an ssh string: be32 length, then the bytes (RFC 4253, 6.6). */
static bool blob_is(const char *s, size_t len, const char *type)
{
	size_t want = strlen(type), body = len;
	unsigned char out[64];
	uint32_t bits = 0;
	size_t n = 0;

	while (body && s[body - 1] == '=' && len - body < 2)
		body--;
	if (len % 4 || body < 60)
		return false;
	for (size_t i = 0; i < body; i++) {
		const char *at = s[i] ? strchr(BASE64, s[i]) : NULL;

		if (!at)
			return false;
		bits = bits << 6 | (uint32_t)(at - BASE64);
		if (i % 4 == 3 && n + 3 <= sizeof(out)) {
			out[n++] = (unsigned char)(bits >> 16);
			out[n++] = (unsigned char)(bits >> 8);
			out[n++] = (unsigned char)bits;
		}
	}
	return n > want + 4 && out[0] == 0 && out[1] == 0 && out[2] == 0 && out[3] == want &&
	       memcmp(out + 4, type, want) == 0;
}

/* What is wrong with a line, or NULL. */
static const char *key_line_fault(const char *s, size_t len)
{
	const char *type;
	size_t n = word_len(s, len);

	if (memmem(s, len, "PRIVATE KEY", 11) || memmem(s, len, "PuTTY-User-Key", 14))
		return "is of a private key; give the public one, the file that ends in '.pub'";
	if (memmem(s, len, "BEGIN SSH2", 10))
		return "is in the SSH2 format; convert it with 'ssh-keygen -i'";
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)s[i] < 0x20 && !blank(s[i])) || s[i] == 0x7f)
			return "has a control character in it";
	type = key_type(s, n);
	if (!type) {
		n = options_len(s, len);
		n += blanks_len(s + n, len - n);
		s += n;
		len -= n;
		n = word_len(s, len);
		type = n ? key_type(s, n) : NULL;
	}
	if (!type)
		return "has no key type that sshd knows, such as 'ssh-ed25519'";
	n += blanks_len(s + n, len - n);
	s += n;
	len -= n;
	if (!blob_is(s, word_len(s, len), type))
		return "has damaged key data; copy the line again, whole";
	return NULL;
}

static int check_key_line(const char *s, size_t len, const char *origin, size_t line_no,
			  struct mkd_err *err)
{
	const char *fault;

	if (len > MKD_KEY_LINE_MAX)
		return mkd_fail(err, MKD_EXIT_USAGE, E2BIG,
				"%s: line %zu is longer than %d bytes, more than sshd reads",
				origin, line_no, (int)MKD_KEY_LINE_MAX);
	fault = key_line_fault(s, len);
	if (fault)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL, "%s: line %zu %s", origin, line_no,
				fault);
	return 0;
}

int mkd_authorized_keys_check(const char *text, size_t len, const char *origin, size_t *ret_n,
			      struct mkd_err *err)
{
	const char *end = text + len;
	size_t keys = 0, line_no = 0;

	if (len > MKD_AUTHORIZED_KEYS_MAX)
		return mkd_fail(err, MKD_EXIT_USAGE, E2BIG, "%s: the keys are over %d KiB", origin,
				(int)(MKD_AUTHORIZED_KEYS_MAX / KIB));
	while (text < end) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		size_t line = (size_t)((nl ? nl : end) - text);
		size_t skip = blanks_len(text, line);
		int r = 0;

		line_no++;
		if (skip < line && text[skip] != '#') {
			r = check_key_line(text + skip, line - skip, origin, line_no, err);
			keys++;
		}
		if (r < 0)
			return r;
		text = nl ? nl + 1 : end;
	}
	if (!keys)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL, "%s: there is no key in it", origin);
	if (ret_n)
		*ret_n = keys;
	return 0;
}
