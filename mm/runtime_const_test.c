// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of values that boot has made immediates of instructions. The table is gone after
 * boot, so they run during it only.
 */
#include <kunit/test.h>
#include <asm/runtime_const.h>

static unsigned long __init expect_all(struct kunit *test, const s32 *start, const s32 *end,
				       unsigned long value)
{
	const s32 *where;

	for (where = start; where < end; where++) {
		const void *insn = (const void *)where + *where;

		KUNIT_ASSERT_EQ_MSG(test, runtime_const_get(insn), value, "at %pS", insn);
	}
	return end - start;
}

static void __init every_instruction_is_current(struct kunit *test)
{
	unsigned long seen = 0;

#define EXPECT_ALL(name)							\
	(seen += expect_all(test, __start_runtime_const_##name,			\
			    __stop_runtime_const_##name, RUNTIME_CONST_VALUE_##name))
	RUNTIME_CONSTS(EXPECT_ALL);
	KUNIT_EXPECT_GT(test, seen, 0ul);
}

struct code {
	s32 where[2];
	u8 insn[2][32];
};

static void expect_only_immediates(struct kunit *test, const char *section, unsigned long value)
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
		code->where[i] = insn - (u8 *)&code->where[i];
	}
	runtime_const_patch(section, code->where, code->where + 2);
	for (i = 0; i < 2; i++) {
		insn = &code->insn[i][3];
		KUNIT_EXPECT_EQ(test, runtime_const_get(insn), value);
		runtime_const_set(insn, runtime_const_get(before));
		KUNIT_EXPECT_EQ(test, memcmp(code->insn[i], before, sizeof(before)), 0);
	}
}

static void only_the_immediate_is_written(struct kunit *test)
{
#define EXPECT_ONLY_IMMEDIATES(name)						\
	expect_only_immediates(test, RUNTIME_CONST_SECTION #name, RUNTIME_CONST_VALUE_##name)
	RUNTIME_CONSTS(EXPECT_ONLY_IMMEDIATES);
}

static void other_sections_are_left_alone(struct kunit *test)
{
	expect_only_immediates(test, RUNTIME_CONST_SECTION "of_somebody_else", 0x5a5a5a5a5a5a5a5a);
}

static struct kunit_case runtime_const_cases[] __refdata = {
	KUNIT_CASE(every_instruction_is_current),
	KUNIT_CASE(only_the_immediate_is_written),
	KUNIT_CASE(other_sections_are_left_alone),
	{}
};

static struct kunit_suite runtime_const_suite = {
	.name = "runtime_const",
	.test_cases = runtime_const_cases,
};

kunit_test_init_section_suites(&runtime_const_suite);
