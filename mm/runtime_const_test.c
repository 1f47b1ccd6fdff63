// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of values that boot has made immediates of instructions. The table is gone after
 * boot, so they run during it only.
 */
#include <kunit/test.h>
#include <asm/runtime_const.h>

static void __init every_instruction_is_current(struct kunit *test)
{
	const struct runtime_const *one;
	unsigned long seen = 0;

	for (one = __start_runtime_const; one < __stop_runtime_const; one++, seen++) {
		const void *insn = (const void *)one + one->where;

		KUNIT_ASSERT_EQ_MSG(test, runtime_const_get(insn), runtime_const_value(one->id),
				    "at %pS", insn);
	}
	KUNIT_EXPECT_GT(test, seen, 0ul);
}

struct code {
	struct runtime_const entry[2];
	u8 insn[2][32];
};

static void only_the_immediate_is_written(struct kunit *test)
{
	struct code *code = kunit_kzalloc(test, sizeof(*code), GFP_KERNEL);
	u8 before[32], *insn;
	int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, code);
	memset(code->insn, 0x5a, sizeof(code->insn));
	memset(before, 0x5a, sizeof(before));
	for (i = 0; i < 2; i++) {
		/* not aligned, as in text */
		insn = &code->insn[i][3];
		code->entry[i].where = insn - (u8 *)&code->entry[i];
		code->entry[i].id = i;
	}
	runtime_const_patch(code->entry, code->entry + 2);
	for (i = 0; i < 2; i++) {
		insn = &code->insn[i][3];
		KUNIT_EXPECT_EQ(test, runtime_const_get(insn), runtime_const_value(i));
		runtime_const_set(insn, runtime_const_get(before));
		KUNIT_EXPECT_EQ(test, memcmp(code->insn[i], before, sizeof(before)), 0);
	}
}

static struct kunit_case runtime_const_cases[] __refdata = {
	KUNIT_CASE(every_instruction_is_current),
	KUNIT_CASE(only_the_immediate_is_written),
	{}
};

static struct kunit_suite runtime_const_suite = {
	.name = "runtime_const",
	.test_cases = runtime_const_cases,
};

kunit_test_init_section_suites(&runtime_const_suite);
