using System.Reflection;

namespace Nitro.Boundary.Tests;

/// <summary>The members of exported types that code outside the assembly can reach.</summary>
internal static class Surface
{
    private const BindingFlags Everything =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>Public, or protected in a type that may be inherited from.</summary>
    public static IEnumerable<MemberInfo> MembersOf(Type type) => type.GetMembers(Everything).Where(IsReachable);

    /// <summary>Every type that a signature names, generic arguments and element types included.</summary>
    public static IEnumerable<Type> TypesIn(MemberInfo member) => member switch
    {
        Type nested => TypesOfType(nested),
        MethodInfo method => [
            .. Unwrapped(method.ReturnType),
            .. method.GetParameters().SelectMany(TypesOfParameter),
            .. method.GetGenericArguments().SelectMany(Constraints)],
        ConstructorInfo constructor => constructor.GetParameters().SelectMany(TypesOfParameter),
        PropertyInfo property => [.. Unwrapped(property.PropertyType), .. property.GetIndexParameters().SelectMany(TypesOfParameter)],
        FieldInfo field => Unwrapped(field.FieldType),
        EventInfo happening => Unwrapped(happening.EventHandlerType ?? typeof(void)),
        _ => throw new InvalidOperationException($"a new kind of member: {member.MemberType} {member.Name}"),
    };

    /// <summary>Base type, interfaces and constraints.</summary>
    public static IEnumerable<Type> TypesOfType(Type type) => [
        .. type.BaseType is { } parent ? Unwrapped(parent) : [],
        .. type.GetInterfaces().SelectMany(Unwrapped),
        .. type.GetGenericArguments().SelectMany(Constraints)];

    private static bool IsReachable(MemberInfo member) => member switch
    {
        Type nested => nested.IsNestedPublic || nested.IsNestedFamily || nested.IsNestedFamORAssem,
        MethodBase method => IsReachable(method),
        PropertyInfo property => property.GetAccessors(nonPublic: true).Any(IsReachable),
        FieldInfo field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly,
        EventInfo happening => happening.AddMethod is { } add && IsReachable(add),
        _ => true,
    };

    private static bool IsReachable(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static IEnumerable<Type> TypesOfParameter(ParameterInfo parameter) => [
        .. Unwrapped(parameter.ParameterType),
        .. parameter.GetRequiredCustomModifiers(),
        .. parameter.GetOptionalCustomModifiers()];

    private static IEnumerable<Type> Constraints(Type argument) =>
        argument.IsGenericParameter ? argument.GetGenericParameterConstraints().SelectMany(Unwrapped) : Unwrapped(argument);

    private static IEnumerable<Type> Unwrapped(Type type)
    {
        if (type.IsGenericParameter)
        {
            return [];
        }

        if (type.HasElementType && type.GetElementType() is { } element)
        {
            return Unwrapped(element);
        }

        return type.IsGenericType ? [type.GetGenericTypeDefinition(), .. type.GetGenericArguments().SelectMany(Unwrapped)] : [type];
    }
}
