/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Data TLB misses in the upper half of region 7. Part of ivt.S.
 *
 * The memmap's own table, see arch/ia64/mm/vmemmap-large.c, is read with physical
 * addresses: root, slot, and a base page's entry if the slot has no large leaf. A
 * leaf's entry has its size where the TLB does not look. What is not there is a
 * page fault, also for speculative loads, which are deferred by it.
 *
 * In:	r16	address
 *	r31	saved predicates
 */
ENTRY(vmemmap_miss)
	RSM_PSR_DT				// use physical addressing for data
	movl r17=VMEMMAP_START >> VMEMMAP_RANGE_SHIFT
	shr.u r18=r16,VMEMMAP_RANGE_SHIFT
	extr.u r19=r16,VMEMMAP_ROOT_SHIFT,VMEMMAP_RANGE_SHIFT-VMEMMAP_ROOT_SHIFT
	extr.u r21=r16,VMEMMAP_SLOT_SHIFT,VMEMMAP_ROOT_SHIFT-VMEMMAP_SLOT_SHIFT
	;;
	LOAD_PHYSICAL(p0, r20, vmemmap_root)
	cmp.ne p6,p0=r17,r18			// not an address of the memmap?
	extr.u r24=r16,PAGE_SHIFT,VMEMMAP_SLOT_SHIFT-PAGE_SHIFT
	;;
	srlz.d
	shladd r20=r19,3,r20
(p6)	br.cond.spnt page_fault
	;;
	ld8 r20=[r20]				// table of slots (may be 0)
	;;
	shladd r17=r21,3,r20			// r17=&slot
	cmp.eq p6,p0=r20,r0
(p6)	br.cond.spnt page_fault
	;;
	ld8 r18=[r17]				// slot: leaf, table of base pages, or 0
	;;
	cmp.eq p6,p0=r18,r0
	tbit.z p8,p9=r18,_PAGE_P_BIT
(p6)	br.cond.spnt page_fault
	;;
(p8)	shladd r19=r24,3,r18			// r19=&entry of the base page
(p9)	mov r19=r17
	;;
	ld8 r22=[r19]
	;;
	tbit.z p6,p0=r22,_PAGE_P_BIT
	extr.u r25=r22,VMEMMAP_SIZE_BIT,6
(p6)	br.cond.spnt page_fault
	;;
	dep.z r25=r25,2,6
	;;
	MOV_TO_ITIR(p0, r25, r24)
	;;
	ITC_D(p0, r22, r24)
	;;
#ifdef CONFIG_SMP
	/* The loads below come after the insertion */
	dv_serialize_data

	/*
	 * When an entry has changed, the purge that came with the change may have
	 * been before our insertion: take it back and try again.
	 */
	ld8 r26=[r17]
	ld8 r27=[r19]
	;;
	cmp.ne p6,p7=r26,r18
	;;
(p7)	cmp.ne p6,p0=r27,r22
	;;
(p6)	ptc.l r16,r25
#endif
	mov pr=r31,-1
	RFI
END(vmemmap_miss)
