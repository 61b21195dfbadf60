using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace Countersign.Tests.Architecture;

/// <summary>What the types of an assembly refer to, in their signatures and in the bodies of their methods.</summary>
static class Dependencies
{
    const BindingFlags Everything =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes).GetFields()
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(opCode => opCode.Value);

    /// <summary>The types that the source declares. What the compiler makes of a method is nested in them and counted with them.</summary>
    public static IReadOnlyList<Type> Declared(Assembly assembly) =>
        [.. assembly.GetTypes().Where(type =>
            !type.IsNested
            && type.Namespace?.StartsWith("Countersign", StringComparison.Ordinal) == true
            && !type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false))];

    /// <summary>Every type and member that a type uses.</summary>
    public static IReadOnlySet<MemberInfo> Of(Type type)
    {
        var found = new HashSet<MemberInfo>();
        foreach (var part in type.GetNestedTypes(Everything).SelectMany(WithNested).Prepend(type))
            Collect(part, found);
        return found;
    }

    /// <summary>Every type that a type uses, without their generic arguments and nesting.</summary>
    public static IReadOnlySet<Type> TypesOf(Type type) =>
        Of(type).Select(member => member as Type ?? member.DeclaringType).OfType<Type>().Select(Outermost).ToHashSet();

    static IEnumerable<Type> WithNested(Type type) => type.GetNestedTypes(Everything).SelectMany(WithNested).Prepend(type);

    static void Collect(Type type, HashSet<MemberInfo> found)
    {
        Add(type.BaseType, found);
        foreach (var contract in type.GetInterfaces())
            Add(contract, found);
        foreach (var field in type.GetFields(Everything))
            Add(field.FieldType, found);
        foreach (var method in type.GetMethods(Everything).Cast<MethodBase>().Concat(type.GetConstructors(Everything)))
            Collect(type, method, found);
    }

    static void Collect(Type type, MethodBase method, HashSet<MemberInfo> found)
    {
        Add((method as MethodInfo)?.ReturnType, found);
        foreach (var parameter in method.GetParameters())
            Add(parameter.ParameterType, found);
        if (method.GetMethodBody() is not { } body)
            return;

        foreach (var local in body.LocalVariables)
            Add(local.LocalType, found);
        foreach (var clause in body.ExceptionHandlingClauses.Where(clause => clause.Flags == ExceptionHandlingClauseOptions.Clause))
            Add(clause.CatchType, found);
        var typeArguments = type.IsGenericType ? type.GetGenericArguments() : null;
        var methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        foreach (var token in Tokens(body.GetILAsByteArray()!))
            Add(method.Module.ResolveMember(token, typeArguments, methodArguments), found);
    }

    /// <summary>The operands of the instructions of a body that are types or members (ECMA-335, III.1.2).</summary>
    static IEnumerable<int> Tokens(byte[] code)
    {
        for (var at = 0; at < code.Length;)
        {
            var isTwoBytes = code[at] == 0xFE;
            var opCode = OpCodesByValue[isTwoBytes ? (short)(0xFE00 | code[at + 1]) : code[at]];
            at += isTwoBytes ? 2 : 1;
            if (opCode.OperandType is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType)
                yield return BitConverter.ToInt32(code, at);
            at += opCode.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }
    }

    static void Add(MemberInfo? member, HashSet<MemberInfo> found)
    {
        switch (member)
        {
            case null or Type { IsGenericParameter: true }:
                return;
            case Type { HasElementType: true } type:
                Add(type.GetElementType(), found);
                return;
            case Type { IsConstructedGenericType: true } type:
                found.Add(type.GetGenericTypeDefinition());
                foreach (var argument in type.GetGenericArguments())
                    Add(argument, found);
                return;
            case Type:
                found.Add(member);
                return;
            default:
                found.Add(member);
                Add(member.DeclaringType, found);
                if (member is MethodInfo { IsGenericMethod: true } method)
                {
                    foreach (var argument in method.GetGenericArguments())
                        Add(argument, found);
                }

                return;
        }
    }

    static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;
}
