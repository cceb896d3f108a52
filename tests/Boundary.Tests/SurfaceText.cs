using System.Reflection;

namespace Nitro.Boundary.Tests;

/// <summary>The public surface as lines: one for each type and member, in an order that does not depend on the compiler.</summary>
internal static class SurfaceText
{
    private static readonly NullabilityInfoContext Nullability = new();

    public static string Of(IEnumerable<Assembly> assemblies) =>
        string.Concat(assemblies.SelectMany(LinesOf).Select(line => line + "\n"));

    private static IEnumerable<string> LinesOf(Assembly assembly) => [
        $"assembly {assembly.GetName().Name}",
        .. assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal).SelectMany(LinesOf)];

    private static IEnumerable<string> LinesOf(Type type) => [
        $"  {Kind(type)} {Name(type)}{Bases(type)}",
        .. Surface.MembersOf(type).Where(IsListed).Select(Line).Order(StringComparer.Ordinal).Select(line => "    " + line)];

    /// <summary>Accessors stand with their property, nested types by themselves.</summary>
    private static bool IsListed(MemberInfo member) => member switch
    {
        Type => false,
        MethodInfo method => !method.IsSpecialName,
        FieldInfo field => !field.IsSpecialName,
        _ => true,
    };

    private static string Kind(Type type) => type switch
    {
        { IsEnum: true } => "enum",
        { IsValueType: true } => "struct",
        { IsInterface: true } => "interface",
        { IsAbstract: true, IsSealed: true } => "static class",
        { IsSealed: true } => "sealed class",
        { IsAbstract: true } => "abstract class",
        _ => "class",
    };

    private static string Bases(Type type)
    {
        var inherited = type.BaseType?.GetInterfaces() ?? [];
        string[] bases = [
            .. type.BaseType is { } parent && parent != typeof(object) && !type.IsValueType ? [Name(parent)] : Array.Empty<string>(),
            .. type.IsEnum ? Array.Empty<string>() : type.GetInterfaces().Except(inherited).Select(Name).Order(StringComparer.Ordinal).ToArray()];
        return bases.Length == 0 ? "" : " : " + string.Join(", ", bases);
    }

    private static string Line(MemberInfo member) => member switch
    {
        FieldInfo { IsLiteral: true } field => $"{field.Name} = {field.GetRawConstantValue()}",
        FieldInfo field => $"{Modifier(field.IsStatic)}field {field.Name}: {Name(field.FieldType)}",
        ConstructorInfo constructor => $"new({Parameters(constructor)})",
        PropertyInfo property => $"{PropertyModifier(property)}{property.Name}: {Name(property.PropertyType)}{Optional(property)}",
        MethodInfo method => $"{Modifier(method.IsStatic)}{Virtual(method)}{method.Name}{Generic(method)}({Parameters(method)}): {Result(method)}",
        _ => $"{member.MemberType} {member.Name}",
    };

    private static string Modifier(bool isStatic) => isStatic ? "static " : "";

    private static string PropertyModifier(PropertyInfo property) =>
        Modifier(property.GetAccessors(nonPublic: true)[0].IsStatic) + (property.CanWrite ? "settable " : "");

    private static string Virtual(MethodInfo method) => method switch
    {
        { IsAbstract: true } => "abstract ",
        { IsVirtual: true, IsFinal: false } when !method.DeclaringType!.IsSealed => "virtual ",
        _ => "",
    };

    private static string Generic(MethodInfo method) =>
        method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
        $"{(parameter.IsOut ? "out " : "")}{parameter.Name}: {Name(parameter.ParameterType)}{Mark(parameter.ParameterType, Nullability.Create(parameter))}"));

    private static string Result(MethodInfo method) =>
        Name(method.ReturnType) + Mark(method.ReturnType, Nullability.Create(method.ReturnParameter));

    private static string Optional(PropertyInfo property) => Mark(property.PropertyType, Nullability.Create(property));

    private static string Mark(Type type, NullabilityInfo nullability) =>
        !type.IsValueType && nullability.ReadState == NullabilityState.Nullable ? "?" : "";

    private static string Name(Type type)
    {
        if (type.IsGenericParameter)
        {
            return type.Name;
        }

        if (type.HasElementType && type.GetElementType() is { } element)
        {
            return type.IsArray ? Name(element) + "[]" : Name(element);
        }

        var name = type.Namespace is "System" or "System.Collections.Generic" ? type.Name : type.FullName ?? type.Name;
        var bare = name.Split('`')[0];
        return type.IsGenericType ? $"{bare}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : bare;
    }
}
